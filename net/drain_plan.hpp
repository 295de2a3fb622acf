#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>

namespace weir {

/// When each of the clients of a node that drains is to move: each in a slice of the window that is its own,
/// at a random place in it, so that they come to other nodes one after the other however few or many they
/// are. Plain.
class drain_plan {
public:
  using milliseconds = std::chrono::milliseconds;

  /// @param clients how many there are. @param window in which all of them are to move; may be 0.
  drain_plan(std::size_t clients, milliseconds window, std::uint32_t seed)
    : clients_(std::max<std::size_t>(clients, 1)), window_(std::max(window, milliseconds{0})), random_(seed) {
  }

  /// The next client's delay, within [0, window] ms. More clients than there are begin at the first slice
  /// again.
  std::int64_t next_delay_ms() {
    auto slice = static_cast<double>(next_++ % clients_);
    auto place = std::uniform_real_distribution<double>{0, 1}(random_);
    return static_cast<std::int64_t>((slice + place) / static_cast<double>(clients_)
                                     * static_cast<double>(window_.count()));
  }

private:
  std::size_t clients_;
  milliseconds window_;
  std::size_t next_ = 0;
  std::minstd_rand random_;
};

} // namespace weir
