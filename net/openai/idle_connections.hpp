#pragma once

// Includes Asio: only for the .cpp files of this folder.

#include "net/openai/upstream.hpp"

#include <boost/asio/steady_timer.hpp>
#include <caf/telemetry/gauge.hpp>

#include <chrono>
#include <deque>
#include <memory>

namespace weir {

/// Connections to one model server that wait for their next request. Overflow policy: the one that has waited
/// longest is closed. One that has waited for `idle_time` is closed too.
class idle_connections : public std::enable_shared_from_this<idle_connections> {
public:
  static constexpr std::chrono::seconds idle_time{15};

  /// @param count says how many there are.
  idle_connections(boost::asio::io_context& context, std::size_t limit, caf::telemetry::int_gauge* count)
    : timer_(context), limit_(limit), count_(count) {}

  ~idle_connections();

  /// The one that was used last and that the server has not closed; null: there is none.
  std::unique_ptr<upstream> take();

  void put(std::unique_ptr<upstream> connection);

private:
  struct entry {
    std::unique_ptr<upstream> connection;
    std::chrono::steady_clock::time_point until;
  };

  void arm();
  void close_old();
  void close_oldest();

  boost::asio::steady_timer timer_;
  std::size_t limit_;
  caf::telemetry::int_gauge* count_;
  std::deque<entry> waiting_; // the oldest first
};

} // namespace weir
