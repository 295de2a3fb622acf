#pragma once

#include <mutex>
#include <string>

namespace weir {

/// Whether a store takes what it is given: written by the store's actor, read by whoever asks, from any
/// thread.
class store_health {
public:
  /// @param why empty: nothing is wrong any more.
  void set_trouble(std::string why) {
    std::lock_guard guard{mutex_};
    trouble_ = std::move(why);
  }

  /// What is wrong, for a person; empty: nothing.
  std::string trouble() const {
    std::lock_guard guard{mutex_};
    return trouble_;
  }

private:
  mutable std::mutex mutex_;
  std::string trouble_;
};

} // namespace weir
