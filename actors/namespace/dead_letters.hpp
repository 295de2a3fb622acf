#pragma once

#include "actors/event/event.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace weir {

/// An event that its subscriber could not handle.
struct dead_letter {
  event_ptr what;
  std::string subscription;
  std::uint32_t attempts = 0;
  std::string error; ///< What the last attempt ended with.
};

/// A dead letter as it is kept: its key, and JSON text.
std::string dead_letter_key(const dead_letter& x);
std::string encode_dead_letter(const dead_letter& x);

/// Nothing: it is not one.
std::optional<dead_letter> decode_dead_letter(const std::string& text);

/// Keeps them for a person to look at. Bounded; overflow policy: the oldest is dropped, and counted.
class dead_letters {
public:
  explicit dead_letters(std::uint64_t limit) : limit_(limit) {}

  /// Adds one. Gives the one that was dropped for it.
  std::optional<dead_letter> add(dead_letter x) {
    bytes_ += size_of(x);
    letters_.push_back(std::move(x));
    if (letters_.size() <= limit_) return std::nullopt;
    auto oldest = std::move(letters_.front());
    letters_.pop_front();
    bytes_ -= size_of(oldest);
    ++dropped_;
    return oldest;
  }

  /// Takes one out by the id of its event.
  std::optional<dead_letter> take(const std::string& event_id) {
    auto i = std::find_if(letters_.begin(), letters_.end(),
                          [&](const dead_letter& x) { return x.what->event_id() == event_id; });
    if (i == letters_.end()) return std::nullopt;
    auto out = std::move(*i);
    letters_.erase(i);
    bytes_ -= size_of(out);
    return out;
  }

  const std::deque<dead_letter>& all() const noexcept { return letters_; }
  std::uint64_t dropped() const noexcept { return dropped_; }

  /// About what they take of memory.
  std::uint64_t bytes() const noexcept { return bytes_; }

private:
  static std::uint64_t size_of(const dead_letter& x) {
    return x.what->size_bytes() + x.subscription.size() + x.error.size() + 400;
  }

  std::uint64_t limit_;
  std::uint64_t dropped_ = 0;
  std::uint64_t bytes_ = 0;
  std::deque<dead_letter> letters_;
};

} // namespace weir
