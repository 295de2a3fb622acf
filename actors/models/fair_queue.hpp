#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace weir {

/// A bounded queue that is fair between namespaces: each has a lane of its own, served in turn, so that one
/// tenant's burst waits behind itself. Overflow policy: `push` says no and changes nothing; before it,
/// `make_room` takes the newest of the longest lane out for a namespace that has less. So whoever has no more
/// than its share of the queue (the limit divided by the namespaces that wait) is never turned away (longest
/// queue drop: Suter, Lakshman, Stiliadis and Choudhury, 1998).
///
/// This is deficit round-robin (Shreedhar and Varghese, 1995) in which a request costs exactly one quantum:
/// the deficits are always nought between turns, so none are kept. One quantum whatever the prompt's length,
/// because what is shared out is workers, and a turn takes exactly one of them. Long prompts make long calls,
/// but how long is not known before; a tenant that has many of them is kept from holding all workers by
/// `worker_shares`, and from using more tokens than it may by `token_quota`.
///
/// Operations take O(log n) in the namespaces that wait, `pop` O(n) in those that are passed over.
template <class T>
class fair_queue {
public:
  explicit fair_queue(std::size_t limit) : limit_(limit) {}

  /// Adds at the end of the namespace's lane. False when the queue is full or `id` is in it already.
  bool push(const std::string& ns, std::uint64_t id, T value) {
    if (full() || places_.count(id) > 0) return false;
    auto lane = lane_of(ns);
    by_length_.erase(key_of(*lane));
    lane->entries.push_back({id, std::move(value)});
    by_length_.insert(key_of(*lane));
    places_.emplace(id, place{lane, std::prev(lane->entries.end())});
    return true;
  }

  /// When the queue is full and `ns` would have less in it than another namespace even with one more: takes
  /// the newest of the longest lane out. Nothing: there is room already, or `ns` has its share.
  std::optional<T> make_room(const std::string& ns) {
    if (!full() || by_length_.empty()) return std::nullopt;
    auto longest = std::prev(by_length_.end());
    if (waiting(ns) + 1 >= longest->first) return std::nullopt;
    return take(places_.find(by_ns_.at(longest->second)->entries.back().id));
  }

  /// Takes the oldest of the namespace whose turn it is.
  std::optional<T> pop() {
    return pop([](const std::string&) { return true; });
  }

  /// As above, passing over the namespaces that may not have a turn now: they keep their places.
  template <class Predicate>
  std::optional<T> pop(Predicate may_go) {
    auto lane = turns_.begin();
    while (lane != turns_.end() && !may_go(lane->ns)) ++lane;
    if (lane == turns_.end()) return std::nullopt;
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

  /// How many of one namespace wait.
  std::size_t waiting(const std::string& ns) const {
    auto i = by_ns_.find(ns);
    return i == by_ns_.end() ? 0 : i->second->entries.size();
  }

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
    by_length_.erase(key_of(*where.home));
    where.home->entries.erase(where.entry);
    if (where.home->entries.empty()) {
      by_ns_.erase(where.home->ns);
      turns_.erase(where.home);
    } else {
      by_length_.insert(key_of(*where.home));
    }
    return value;
  }

  static std::pair<std::size_t, std::string> key_of(const lane& x) { return {x.entries.size(), x.ns}; }

  std::size_t limit_;
  lanes turns_; // the front is served next
  std::unordered_map<std::string, typename lanes::iterator> by_ns_;
  std::set<std::pair<std::size_t, std::string>> by_length_; // of the lanes; by name where equally long
  places places_;
};

} // namespace weir
