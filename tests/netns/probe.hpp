#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <thread>

namespace weir::test {

/// A client that publishes all the time at one node, sending again what is refused, and one that subscribes
/// at another: what the two see of a fault.
class probe {
public:
  /// @param by, at URLs of two nodes that stay in reach.
  probe(std::string by, std::string at, std::string ns);
  ~probe();

  probe(const probe&) = delete;
  probe& operator=(const probe&) = delete;

  /// Begins to measure anew.
  void reset();

  /// The longest time without an event since then, the one that is going on included.
  std::chrono::milliseconds longest_silence() const;

  /// How long no event has come.
  std::chrono::milliseconds silence() const;

  /// By reason, since then. To be read at the end.
  std::map<std::string, int> stop();

private:
  using clock = std::chrono::steady_clock;

  void publish();
  void listen();
  static std::int64_t now_us();

  std::string by_, at_, ns_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> counting_{false};
  std::atomic<std::int64_t> last_us_{0}, longest_us_{0};
  std::map<std::string, int> refused_;
  std::thread publisher_, listener_;
};

} // namespace weir::test
