#pragma once

#include "actors/namespace/event.hpp"

#include <cstdint>
#include <deque>
#include <string>

namespace weir {

/// An event that its subscriber could not handle.
struct dead_letter {
  event_ptr what;
  std::string subscription;
  std::uint32_t attempts = 0;
  std::string error; ///< What the last attempt ended with.
};

/// Keeps them for a person to look at. Bounded; overflow policy: the oldest is dropped, and counted.
class dead_letters {
public:
  explicit dead_letters(std::uint64_t limit) : limit_(limit) {}

  void add(dead_letter x) {
    letters_.push_back(std::move(x));
    if (letters_.size() > limit_) {
      letters_.pop_front();
      ++dropped_;
    }
  }

  const std::deque<dead_letter>& all() const noexcept { return letters_; }
  std::uint64_t dropped() const noexcept { return dropped_; }

private:
  std::uint64_t limit_;
  std::uint64_t dropped_ = 0;
  std::deque<dead_letter> letters_;
};

} // namespace weir
