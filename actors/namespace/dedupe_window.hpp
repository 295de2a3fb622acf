#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weir {

/// Remembers which events were accepted, so that a repeat is recognised. Bounded by count and by age;
/// overflow policy: the oldest id is forgotten (a repeat of it is then a new event).
class dedupe_window {
public:
  struct entry {
    std::uint64_t seq = 0;
    std::uint64_t content_hash = 0; ///< Tells a repeat from another event under the same id.
  };

  /// @param max_ids at least 1.
  /// @param max_age_ms an id is forgotten this long after it was added.
  dedupe_window(std::uint64_t max_ids, std::uint64_t max_age_ms);

  /// The entry of an event id, or null. Forgets what is too old at `now_ms` first.
  const entry* find(std::string_view event_id, std::int64_t now_ms);

  /// Adds an id that `find` did not have.
  void add(std::string event_id, entry what, std::int64_t now_ms);

  /// Takes the newest id back: its event was not kept after all. True if it was there and the newest.
  bool take_back(std::string_view event_id);

  /// The seq of the oldest id; 0 when there is none. Whatever is in the log from here on is in the window.
  std::uint64_t oldest_seq() const;

  std::size_t size() const noexcept { return ids_.size(); }

private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view x) const noexcept { return std::hash<std::string_view>{}(x); }
  };

  struct aged {
    const std::string* event_id; // the map's key: its address is stable
    std::int64_t added_ms;
  };

  void forget_oldest();

  std::uint64_t max_ids_;
  std::int64_t max_age_ms_;
  std::unordered_map<std::string, entry, hash, std::equal_to<>> ids_;
  std::deque<aged> by_age_;
};

} // namespace weir
