#pragma once

#include "actors/core/refusal.hpp"
#include "net/token_bucket.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace weir {

/// Counts the sockets of clients over all I/O threads of a node, by the address that they come from. Bounds:
/// `max_of_node` (descriptors; the rest is kept for the admin server, models and the store), and of each
/// address `max_of_address` and so many new ones in a second; overflow policy: `503` and `429`. Asked once
/// for each socket, so a lock does. Time comes from outside.
class socket_census {
public:
  using time_point = token_bucket::time_point;

  struct bounds {
    std::uint64_t max_of_node = 0;      ///< 0: none.
    std::uint64_t max_of_address = 0;   ///< As above.
    std::uint64_t per_s_of_address = 0; ///< As above. As many may come at once.
  };

  explicit socket_census(bounds most) : most_(most) {}

  /// Counts a socket in, or says why not.
  refusal enter(const std::string& address, time_point now);

  /// Counts it out again.
  void leave(const std::string& address);

  std::uint64_t sockets() const;

  /// Addresses that are remembered: those with sockets, and those that came within the last second.
  std::size_t addresses() const;

private:
  struct entry {
    std::uint64_t sockets = 0;
    token_bucket rate;
  };

  void forget_old(time_point now);

  bounds most_;
  mutable std::mutex lock_;
  std::uint64_t sockets_ = 0;
  std::map<std::string, entry> entries_;
  time_point swept_{};
};

/// A socket that was counted in, as long as it lives.
class counted_socket {
public:
  counted_socket(std::shared_ptr<socket_census> census, std::string address)
    : census_(std::move(census)), address_(std::move(address)) {}
  ~counted_socket() { census_->leave(address_); }
  counted_socket(const counted_socket&) = delete;
  counted_socket& operator=(const counted_socket&) = delete;

private:
  std::shared_ptr<socket_census> census_;
  std::string address_;
};

} // namespace weir
