#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace weir {

/// How many of a pool's workers one namespace may hold. Turns in the queue are fair only between those who
/// wait: a tenant with slow calls would still hold every worker when another one comes, and no call is taken
/// away from a worker. So some are kept free: while another namespace has used the model within the window,
/// none holds more than its share. Who is alone has them all.
///
/// Plain: time comes from outside. Holds an entry for each namespace with a call in progress, and two more.
class worker_shares {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// @param max_share of the workers, (0, 1]; rounded up, at least one worker.
  worker_shares(std::uint32_t workers, double max_share, std::chrono::milliseconds window);

  void on_arrived(const std::string& ns, time_point now) { touch(ns, now); }
  void on_started(const std::string& ns) { ++running_[ns]; }
  void on_ended(const std::string& ns, time_point now);

  /// Whether it may have one more worker.
  bool may_start(const std::string& ns, time_point now) const;

  /// When somebody who may not start now may, if nothing else happens until then.
  std::optional<time_point> next_change(time_point now) const;

  std::uint32_t limit() const noexcept { return limit_; }

private:
  struct sighting {
    std::string ns;
    time_point until{}; // it counts as a user of the model
  };

  void touch(const std::string& ns, time_point now);
  bool has_others(const std::string& ns, time_point now) const;

  std::uint32_t workers_;
  std::uint32_t limit_;
  std::chrono::milliseconds window_;
  std::unordered_map<std::string, std::uint32_t> running_;
  sighting newest_, before_; // of two namespaces: enough to tell for any whether there is another
};

} // namespace weir
