#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

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

  /// The entry of an event id, or null; good until the next change. Forgets what is too old at `now_ms`
  /// first.
  const entry* find(std::string_view event_id, std::int64_t now_ms);

  /// Adds an id, unless it is there.
  void add(std::string event_id, entry what, std::int64_t now_ms);

  /// Takes the newest id back: its event was not kept after all. True if it was there and the newest.
  bool take_back(std::string_view event_id);

  /// Forgets what is too old.
  void forget(std::int64_t now_ms);

  /// The seq of the oldest id; 0 when there is none. Whatever is in the log from here on is in the window.
  std::uint64_t oldest_seq() const;

  std::size_t size() const noexcept { return by_age_.size(); }

  /// About what it takes of memory.
  std::uint64_t memory_bytes() const noexcept {
    return by_age_.size() * (sizeof(aged) + id_bytes) + cells_.size() * sizeof(cell);
  }

private:
  static constexpr std::size_t id_bytes = 48; // of a text that is not within its object

  struct aged {
    std::string event_id;
    std::size_t hash;
    entry what;
    std::int64_t added_ms;
  };

  /// Ids are numbered in the order in which they were added.
  struct cell {
    std::size_t hash = 0;
    std::uint64_t number = 0; // 0: nothing is here
  };

  aged& at(std::uint64_t number) { return by_age_[number - oldest_]; }
  std::size_t mask() const noexcept { return cells_.size() - 1; }
  std::size_t cell_of(std::string_view event_id, std::size_t hash);
  std::size_t cell_of(std::uint64_t number);
  void erase(std::size_t cell);
  void make_room();
  void forget_oldest();

  std::uint64_t max_ids_;
  std::int64_t max_age_ms_;
  std::deque<aged> by_age_;
  std::uint64_t oldest_ = 1; // the number of by_age_'s first
  // Open addressing with linear probing, at most half full. Each event is looked up, added and forgotten
  // here: a table of nodes, which are somewhere in memory, took a tenth of what a node does for one.
  std::vector<cell> cells_;
};

} // namespace weir
