#pragma once

#include "net/auth/authenticator.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace weir {

/// Keeps the keys of an authenticator that come from addresses up to date, from a thread of its own: at once,
/// every `interval`, and when a token names a key that is not known, but not more often than every
/// `min_interval`. While an address does not answer, its keys from before stay in use.
class key_refresher {
public:
  static constexpr std::chrono::seconds interval{300};
  static constexpr std::chrono::seconds min_interval{10};
  static constexpr std::chrono::milliseconds timeout{5'000}; ///< Of one fetch.
  static constexpr std::size_t max_bytes = 256 * 1024;       ///< Of one key set.

  key_refresher(caf::actor_system& sys, std::shared_ptr<authenticator> target, std::vector<std::string> urls);

  /// Ends the thread, after the fetch that it may be at.
  ~key_refresher();

  /// Other addresses from now on; what came from addresses that are not among them is forgotten.
  void use(std::vector<std::string> urls);

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace weir
