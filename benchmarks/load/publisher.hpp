#pragma once

#include "benchmarks/load/latencies.hpp"
#include "benchmarks/load/raw_ws.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace weir::bench {

/// Publishes in a closed loop: so many publishes are in flight over a few sockets, and each answer makes room
/// for the next. One thread, prepared frames.
class publisher {
public:
  struct config {
    std::uint16_t port = 0;
    std::size_t in_flight = 1;
    std::size_t sockets = 4;      ///< Fewer when fewer are in flight.
    std::size_t text_bytes = 100; ///< Of the message; its data is 11 bytes longer.
    std::string client_id = "load";
  };

  explicit publisher(const config& settings);

  /// Publishes that many events and adds the time from each publish to its `ok`. Gives the seconds that it
  /// took. Throws std::runtime_error when one is refused.
  double publish(std::uint64_t events, latencies& times);

  /// Of the last answer of the first socket that was used.
  std::uint64_t last_seq() const noexcept { return last_seq_; }

private:
  using clock_type = std::chrono::steady_clock;

  struct lane {
    raw_ws socket;
    std::size_t window;               // at most this many in flight
    std::vector<std::int64_t> due_us; // when those in flight were sent; a ring, answers come in order
    std::uint64_t sent = 0, answered = 0;
    std::uint64_t next_id = 1;
  };

  void send(lane& to, std::uint64_t count);
  std::uint64_t take_answers(lane& from, latencies& times);
  bool is_ok(std::string_view text);
  static std::int64_t now_us();

  std::string frame_; // of a publish; the digits of its message id are set anew for each
  std::size_t id_at_ = 0;
  std::vector<lane> lanes_;
  std::string out_;
  std::uint64_t last_seq_ = 0;
};

/// What a benchmarked node is given so that none of its limits is met: `more` is JSON text of further fields
/// of `limits`, each followed by a comma.
std::string unlimited(const std::string& durability, const std::string& more = {});

} // namespace weir::bench
