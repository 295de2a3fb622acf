#pragma once

#include "actors/event/receipt_kind.hpp"

#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace weir {

/// What the senders of events want to know: how many clients have been sent them, or have acknowledged them.
/// Counts are told together, at most every `tell_every_ms` for one event. Bounded by count and by age;
/// overflow policy: the oldest event is forgotten, and counted.
class receipt_book {
public:
  static constexpr std::int64_t tell_every_ms = 100;
  static constexpr std::int64_t max_age_ms = 300'000;
  static constexpr std::size_t max_by = 16;

  struct entry {
    std::string event_id;
    std::string session; ///< Of the sender.
    std::string type;
    std::string to;
    std::uint64_t seq = 0;
    receipt_kind kind = receipt_kind::none;
    std::uint64_t count = 0;
    std::vector<std::string> by; ///< The first `max_by`.
    std::int64_t added_ms = 0;
    std::int64_t tell_ms = 0; // when the count is to be told; 0: it has been
  };

  explicit receipt_book(std::uint64_t max_events) : max_events_(max_events) {}

  /// An event has come whose sender wants to know.
  void add(entry x);

  /// It was kept, under this seq.
  void set_seq(const std::string& event_id, std::uint64_t seq);

  /// One client more has been sent the event, or acknowledged it.
  void count(const std::string& event_id, receipt_kind kind, const std::string& client_id,
             std::int64_t now_ms);

  /// A client has acknowledged all from `after` up to `to`: counts each that `got` says it got.
  template <class Predicate>
  void count_acked(std::uint64_t after, std::uint64_t to, const std::string& client_id, std::int64_t now_ms,
                   Predicate got) {
    for (auto& x : entries_)
      if (x.kind == receipt_kind::acked && x.seq > after && x.seq <= to && got(x))
        count(x, client_id, now_ms);
  }

  /// What is to be told now.
  std::vector<entry> take_due(std::int64_t now_ms);

  /// When there will be something to tell; 0: nothing.
  std::int64_t next_due_ms() const noexcept { return due_.empty() ? 0 : due_.front()->tell_ms; }

  std::size_t size() const noexcept { return entries_.size(); }
  std::uint64_t forgotten() const noexcept { return forgotten_; }

private:
  void count(entry& x, const std::string& client_id, std::int64_t now_ms);
  void forget_oldest();

  std::uint64_t max_events_;
  std::uint64_t forgotten_ = 0;
  std::list<entry> entries_; // oldest first
  std::unordered_map<std::string, std::list<entry>::iterator> by_id_;
  std::deque<entry*> due_; // in the order of tell_ms
};

} // namespace weir
