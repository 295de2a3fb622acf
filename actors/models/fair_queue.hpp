#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace weir {

/// A bounded queue that is fair between namespaces: each has a lane of its own, served in turn, so that one
/// tenant's burst waits behind itself. Overflow policy: `push` says no and changes nothing.
///
/// This is deficit round-robin (Shreedhar and Varghese, 1995) in which a request costs exactly one quantum:
/// the deficits are always nought between turns, so none are kept. Every operation takes O(1).
template <class T>
class fair_queue {
public:
  explicit fair_queue(std::size_t limit) : limit_(limit) {}

  /// Adds at the end of the namespace's lane. False when the queue is full or `id` is in it already.
  bool push(const std::string& ns, std::uint64_t id, T value) {
    if (full() || places_.count(id) > 0) return false;
    auto lane = lane_of(ns);
    lane->entries.push_back({id, std::move(value)});
    places_.emplace(id, place{lane, std::prev(lane->entries.end())});
    return true;
  }

  /// Takes the oldest of the namespace whose turn it is.
  std::optional<T> pop() {
    if (turns_.empty()) return std::nullopt;
    auto lane = turns_.begin();
    turns_.splice(turns_.end(), turns_, lane); // its next turn is after all the others'
    return take(places_.find(lane->entries.front().id));
  }

  /// Takes one out of turn: it was cancelled, or its time is over.
  std::optional<T> erase(std::uint64_t id) {
    auto i = places_.find(id);
    if (i == places_.end()) return std::nullopt;
    return take(i);
  }

  bool contains(std::uint64_t id) const { return places_.count(id) > 0; }
  bool full() const noexcept { return places_.size() >= limit_; }
  bool empty() const noexcept { return places_.empty(); }
  std::size_t size() const noexcept { return places_.size(); }
  std::size_t limit() const noexcept { return limit_; }

  /// Namespaces that have something waiting.
  std::size_t namespaces() const noexcept { return turns_.size(); }

private:
  struct item {
    std::uint64_t id;
    T value;
  };

  struct lane {
    std::string ns;
    std::list<item> entries; // never empty between calls
  };

  using lanes = std::list<lane>;

  struct place {
    typename lanes::iterator home;
    typename std::list<item>::iterator entry;
  };

  using places = std::unordered_map<std::uint64_t, place>;

  typename lanes::iterator lane_of(const std::string& ns) {
    auto i = by_ns_.find(ns);
    if (i != by_ns_.end()) return i->second;
    auto added = turns_.insert(turns_.end(), lane{ns, {}});
    by_ns_.emplace(ns, added);
    return added;
  }

  T take(typename places::iterator i) {
    auto where = i->second;
    auto value = std::move(where.entry->value);
    places_.erase(i);
    where.home->entries.erase(where.entry);
    if (where.home->entries.empty()) {
      by_ns_.erase(where.home->ns);
      turns_.erase(where.home);
    }
    return value;
  }

  std::size_t limit_;
  lanes turns_; // the front is served next
  std::unordered_map<std::string, typename lanes::iterator> by_ns_;
  places places_;
};

} // namespace weir
