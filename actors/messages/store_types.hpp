#pragma once

#include "actors/core/refusal.hpp"
#include "actors/event/event.hpp"
#include "actors/messages/namespace.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// What goes into a store and what comes out of it. Times are milliseconds since the Unix epoch.

namespace weir {

/// What an acknowledged write survives. In order: a group of batches is committed at the highest of them.
enum class durability : std::uint8_t {
  none, ///< Nothing. Kept as soon as it is cheap; a namespace that wants this need not wait for the answer.
  process, ///< The death of the process, also by `kill -9`.
  power,   ///< A power cut: on the disk (fsync) before the answer.
};

/// Reasons of the refusal of one write, with status 409. The store's own words: clients never see them.
namespace store_reason {
inline constexpr const char* out_of_order = "out_of_order";         ///< Events that do not follow the head.
inline constexpr const char* other_epoch = "other_epoch";           ///< The log has another epoch.
inline constexpr const char* version_conflict = "version_conflict"; ///< The key has another version.
inline constexpr const char* fenced = "fenced";                     ///< The lease has another owner by now.
} // namespace store_reason

/// An event of a log, with the hash by which a repeat is told from a conflict.
struct log_record {
  event_ptr what;
  std::uint64_t content_hash = 0;
};

/// Appends events, whose seqs follow the head and each other. The first append to a namespace that has no log
/// yet begins it under this epoch, with seq 1.
struct log_append {
  std::string ns;
  std::string epoch;
  std::vector<log_record> records;
};

/// Drops all events before `first_kept`, which is taken as `head + 1` when it is beyond that. Never refused.
struct log_trim {
  std::string ns;
  std::uint64_t first_kept = 0;
};

/// Begins a new history: the log is empty, the next seq is 1. Again with the same epoch changes nothing.
struct log_reset {
  std::string ns;
  std::string epoch;
};

/// Goes on under another epoch: what the log has stays, the next seq is the one after its head. Begins a log
/// where there is none. Again with the same epoch changes nothing.
struct log_rename {
  std::string ns;
  std::string epoch;
};

/// Sets a key. Gives its new version, which is higher than any before it in this store.
struct key_put {
  std::string ns;
  std::string key;
  std::string value;
  std::int64_t expires_ms = 0; ///< 0: never. From then on the key is not there.
  /// Only if the key has this version; 0: only if it is not there.
  std::optional<std::uint64_t> expected_version{};
};

struct key_delete {
  std::string ns;
  std::string key;
  std::optional<std::uint64_t>
      expected_version{}; ///< As for `key_put`. Without: done if it is not there, too.
};

/// The claim to hold a lease: the write it stands beside is refused unless the lease has this epoch and was
/// not released. An empty name claims nothing.
struct fence {
  std::string lease{};
  std::uint64_t epoch = 0;
};

/// Forgets all of a namespace: its log and its keys, as if it had never been. Leases stay. Never refused.
struct namespace_drop {
  std::string ns;
};

struct store_write {
  std::variant<log_append, log_trim, log_reset, key_put, key_delete, namespace_drop, log_rename> what;
  fence guard{};
};

/// Writes that are done in this order and become durable together: after a crash all or none are there. A
/// write that is refused (409) changes nothing and leaves its neighbours alone.
struct store_batch {
  std::uint64_t id = 0; ///< The sender's; comes back in the answer.
  durability keep = durability::process;
  std::vector<store_write> writes;
};

struct write_result {
  refusal no;                 ///< 503: as of the whole group, but for this batch alone.
  std::uint64_t version = 0;  ///< Of the key, after a `key_put`.
  bool maybe_written = false; ///< With 503: nobody knows. The log's own head says it of events.
};

struct group_result {
  refusal no; ///< 503: nothing of any batch was written, and trying again may help.
  /// Of that or of a batch's 503, for metrics: `full`, `io`, `corrupt`, `locked`, `lost` or `other`.
  std::string cause;
  std::vector<std::vector<write_result>> batches; ///< What became of each write; empty with `no`.
};

/// Whether a log is all that its writers were told it is.
enum class log_integrity : std::uint8_t {
  whole,
  behind, ///< It ends before what was acknowledged, or may: it must go on under another epoch.
  broken, ///< It has not got the events that it says it has: it must begin anew.
};

/// What is known of a namespace's log. One that was never written to has no epoch.
struct log_state {
  std::string epoch{};
  std::uint64_t first_kept = 1; ///< The oldest seq; head + 1 when the log is empty.
  std::uint64_t head = 0;       ///< The newest seq that was given.
  std::uint64_t bytes = 0;      ///< The sum of `event::size_bytes` of what is kept.
  log_integrity integrity = log_integrity::whole;
  std::string why{}; ///< What is wrong with it, for a person.

  std::uint64_t count() const noexcept { return head + 1 - first_kept; }
};

/// A part of a log, in order. A read looks at a bounded number of events: it may end before `limit` and
/// before the end of the log, and goes on from `read_to`.
struct log_read {
  std::vector<log_record> records{};
  std::uint64_t first_kept = 1;
  /// Forward: all up to here has been looked at. Backward: all from here on.
  std::uint64_t read_to = 0;
  std::uint64_t head = 0;
};

/// Where an event is in the log.
struct event_place {
  std::uint64_t seq = 0;
  std::uint64_t content_hash = 0;
};

/// What a dedupe window wants to know of an event.
struct event_mark {
  std::string event_id;
  std::uint64_t seq = 0;
  std::uint64_t content_hash = 0;
  std::int64_t ts_ms = 0;
};

struct key_entry {
  std::string key;
  std::string value;
  std::uint64_t version = 0;
  std::int64_t expires_ms = 0; ///< 0: never.
};

/// Who has a lease now.
struct lease_grant {
  bool granted = false;    ///< Whether it is the asker.
  std::uint64_t epoch = 0; ///< The fence of the owner's writes.
  std::string owner{};     ///< Empty: nobody.
  std::int64_t expires_ms = 0;
};

} // namespace weir
