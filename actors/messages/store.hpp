#pragma once

// The conversation with a node's store. It never leaves the node, so these messages carry what they carry as
// it is: they cannot be serialised.

#include "actors/messages/store_types.hpp"
#include "actors/messages/type_ids.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace weir {

// What can be asked; each is answered by what the store's function of that name gives.

struct read_log_state {
  std::string ns;
};

struct read_log {
  std::string ns;
  log_request what;
};

struct find_event {
  std::string ns;
  std::string client_id;
  std::string message_id;
};

struct read_newest_ids {
  std::string ns;
  std::uint64_t limit = 0;
  std::int64_t max_age_ms = 0; ///< Older than the newest event, see `event_ages`.
};

struct get_key {
  std::string ns;
  std::string key;
};

struct scan_keys {
  std::string ns;
  std::string prefix;
  std::string after;
  std::uint64_t limit = 0;
};

struct acquire_lease_of {
  std::string name;
  std::string owner;
  std::int64_t ttl_ms = 0;
};

struct renew_lease_of {
  std::string name;
  std::string owner;
  std::uint64_t epoch = 0;
  std::int64_t ttl_ms = 0;
};

struct release_lease_of {
  std::string name;
  std::string owner;
  std::uint64_t epoch = 0;
};

/// As `store::look`.
struct read_lease {
  std::string name;
};

/// Makes a copy of the store, as it is when the copy is done, beside it: `store::copy_some`.
struct copy_store {};

/// The copy is made.
struct copied_store {
  std::string path;
};

/// anyone → store, behind a permit. Answered with a `store_answer`: what was committed when it was handled.
/// That is all that was acknowledged before, but no batch that still waits for its group, also none of the
/// same sender.
struct store_read {
  std::uint64_t id = 0; ///< The sender's; comes back in the answer.
  std::variant<read_log_state, read_log, find_event, read_newest_ids, get_key, scan_keys, acquire_lease_of,
               renew_lease_of, release_lease_of, read_lease, copy_store>
      what;
};

/// store → asker.
struct store_answer {
  std::uint64_t id = 0;
  std::variant<refusal, log_state, log_read, std::optional<event_place>, std::vector<event_mark>,
               std::optional<key_entry>, std::vector<key_entry>, lease_grant, copied_store>
      what;
};

/// store → sender of a `store_batch`, in the order in which each sender's came.
///
/// After a refused append the namespace has to go on from the head that the store has. What it sent before it
/// knew is refused as well, since it does not follow that head: with 503 and the first refusal's cause when
/// that was a failed commit, else with 409. Nothing is skipped or put in another order. Where nobody knows
/// whether an append that failed was written (`maybe_written`), it is 409 too: the log has to be read again.
struct store_committed {
  std::uint64_t id = 0;
  refusal no;                       ///< 503: nothing of the batch was written.
  std::vector<write_result> writes; ///< What became of each write; empty with `no`.

  /// The refusal of the whole or else of the first write that was refused; one that refuses nothing when all
  /// is done.
  const refusal& first_refusal() const noexcept {
    for (auto& x : writes)
      if (x.no.refused()) return x.no;
    return no;
  }
};

} // namespace weir

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weir::store_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weir::store_committed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weir::store_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weir::store_answer)
