#pragma once

#include "actors/event/event.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace weir {

/// Frames in the order in which they came. An empty one holds no memory, which matters to the many
/// connections that have nothing to say. Bounded by its users.
class frame_queue {
public:
  bool empty() const noexcept { return first_ == frames_.size(); }
  std::size_t size() const noexcept { return frames_.size() - first_; }

  void push(frame_ptr frame) { frames_.push_back(std::move(frame)); }

  const frame_ptr& front() const noexcept { return frames_[first_]; }
  const frame_ptr& operator[](std::size_t i) const noexcept { return frames_[first_ + i]; }

  frame_ptr pop() {
    auto out = std::move(frames_[first_]);
    drop(1);
    return out;
  }

  /// Takes the first `n` away.
  void drop(std::size_t n) {
    for (; n > 0; --n) frames_[first_++] = nullptr;
    if (empty())
      clear();
    else if (first_ >= 64 && 2 * first_ >= frames_.size()) { // so that one that is never empty does not grow
      frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }

  void clear() noexcept {
    frames_ = {};
    first_ = 0;
  }

private:
  std::vector<frame_ptr> frames_;
  std::size_t first_ = 0; // those before have been taken
};

} // namespace weir
