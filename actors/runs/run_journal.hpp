#pragma once

#include "actors/store/store_link.hpp"

#include <caf/event_based_actor.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace weir {

/// The keys of one run's journal, `journal/<seq>/<n>`: record `n` of the run whose call has this seq, and
/// `journal/<seq>/end` once it is over. Fixed widths: they sort as they were written.
namespace journal_keys {

inline constexpr const char* prefix = "journal/";

std::string record(std::uint64_t seq, std::uint64_t n);
std::string end(std::uint64_t seq);

/// Which run a key belongs to, and whether it is its end. Throws std::runtime_error when it is none of ours.
struct place {
  std::uint64_t seq = 0;
  bool is_end = false;
};
place parse(const std::string& key);

} // namespace journal_keys

/// Writes the records of one run, each before what follows from it is done. One write is under way at a time;
/// what comes meanwhile goes together in the next, so the order is kept. What the store refuses is written
/// again until it is taken: the run stands still meanwhile.
///
/// Bounded by what a run can have to record at once: its calls in flight and the events it was given.
class run_journal {
public:
  /// @param self the owner, must outlive this.
  /// @param written how many records there are already.
  run_journal(caf::event_based_actor* self, store_handle to, durability keep, std::string ns,
              std::uint64_t seq, std::uint64_t written);

  /// Appends a record; `then` once it is kept. Without a store that is at once.
  void append(std::string text, std::function<void()> then);

  /// Puts `text` in the place of all records, for this time. What still waits to be written is dropped.
  void close(std::string text, std::int64_t expires_ms, std::function<void()> then);

  void on_committed(const store_committed& what) { link_.on_committed(what); }

  /// Lets go of the store.
  void stop();

private:
  struct entry {
    std::string text;
    std::function<void()> then;
  };

  void write();
  void write_again(std::vector<entry> entries, std::int64_t after_ms);
  void write_end();
  void end_again(std::int64_t after_ms);

  caf::event_based_actor* self_;
  store_link link_;
  std::string ns_;
  std::uint64_t seq_;
  std::uint64_t next_;
  std::deque<entry> waiting_;
  bool writing_ = false;
  bool stopped_ = false;
  std::unique_ptr<entry> end_;
  std::int64_t end_expires_ms_ = 0;
};

} // namespace weir
