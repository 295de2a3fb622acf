#pragma once

#include "actors/messages/store_types.hpp"

#include <functional>
#include <span>

namespace weir {

struct lease_record;

/// Changes a lease as it is kept, or leaves it as it is.
using lease_change = std::function<lease_grant(lease_record&)>;

/// Where a node keeps what must outlive it: the log of each namespace, keys, leases. A plain blocking
/// interface without an actor in it, called by one thread at a time. What fails is a value: the refusal of a
/// whole call has status 503 `unavailable` and its cause in the message, and the next call may succeed.
class store {
public:
  template <class T>
  using outcome = std::variant<T, refusal>;

  /// Bounds of one `read_log`: about a millisecond's work, whatever the pattern matches, since a commit may
  /// have to wait for it.
  static constexpr std::uint64_t max_scanned_events = 1000;
  static constexpr std::uint64_t max_read_bytes =
      1024 * 1024; ///< The read ends with the event that passes it.

  virtual ~store() = default;

  /// Commits all batches in one transaction, at the highest durability among them. The writes are done in
  /// order.
  virtual group_result write(std::span<const store_batch* const> group, std::int64_t now_ms) = 0;

  /// As above, with one batch.
  group_result write(const store_batch& batch, std::int64_t now_ms) {
    const store_batch* one = &batch;
    return write(std::span<const store_batch* const>(&one, 1), now_ms);
  }

  /// Of a log that is not `whole` its caller has to begin a new epoch before it appends.
  virtual outcome<log_state> state_of_log(const std::string& ns) = 0;

  /// Reads as the request says: forward from `after_seq`, or, with `before_seq`, the newest before that.
  virtual outcome<log_read> read_log(const std::string& ns, const log_request& what) = 0;

  /// Looks an event id up in all that the log keeps.
  virtual outcome<std::optional<event_place>> find_event(const std::string& ns, const std::string& client_id,
                                                         const std::string& message_id) = 0;

  /// Those of the newest `limit` events that are not older than the newest by `max_age_ms`, oldest first; how
  /// old they are `event_ages` says.
  virtual outcome<std::vector<event_mark>> newest_ids(const std::string& ns, std::uint64_t limit,
                                                      std::int64_t max_age_ms) = 0;

  virtual outcome<std::optional<key_entry>> get(const std::string& ns, const std::string& key,
                                                std::int64_t now_ms) = 0;

  /// The keys that start with `prefix` and come after `after` (empty: from the first), in the order of their
  /// bytes, at most `limit`.
  virtual outcome<std::vector<key_entry>> scan(const std::string& ns, const std::string& prefix,
                                               const std::string& after, std::uint64_t limit,
                                               std::int64_t now_ms) = 0;

  /// Frees what is expired or trimmed, at most `max` keys and events of it. Gives how many; less than `max`
  /// means that nothing is left to do now.
  virtual outcome<std::uint64_t> sweep(std::int64_t now_ms, std::uint64_t max) = 0;

  /// Looks after what the store rests on: its file, its server's settings. To be called about once a second.
  /// While it gives a refusal, what that says is not acknowledged.
  virtual refusal check() { return {}; }

  /// Copies some of the store into a new file beside it, which nobody else can read, and which can be used in
  /// its place: histories in it begin new epochs when it is opened. To be called again until it gives the
  /// file's path; what is written meanwhile is in the copy. What fails removes the copy.
  /// @returns empty: there is more.
  virtual outcome<std::string> copy_some() {
    return refusal{
        code::bad_request, "bad_field", "this kind of store has its own means to be copied", 0, {}, 0, 0};
  }

  /// Takes a lease that nobody has, under a new and higher epoch; one that `owner` has, or was the last to
  /// have, is prolonged under its epoch. An owner's name must be of one incarnation: two that share a name
  /// share the lease.
  outcome<lease_grant> acquire(const std::string& name, const std::string& owner, std::int64_t ttl_ms,
                               std::int64_t now_ms);

  /// Prolongs a lease that is still `owner`'s under this epoch and has not expired.
  outcome<lease_grant> renew(const std::string& name, const std::string& owner, std::uint64_t epoch,
                             std::int64_t ttl_ms, std::int64_t now_ms);

  /// Gives a lease back: writes under its epoch are refused from now on. Gives who has it then; one that is
  /// no longer `owner`'s stays as it is.
  outcome<lease_grant> release(const std::string& name, const std::string& owner, std::uint64_t epoch,
                               std::int64_t now_ms);

  /// Who has a lease, or had it last and has not given it back: whether its time is over the asker decides,
  /// since clocks may differ. Nothing is granted.
  outcome<lease_grant> look(const std::string& name, std::int64_t now_ms);

  /// What the change gives, once what it made of the lease is kept: by this call alone, nobody else has
  /// changed it in between. May call `change` more than once, each time with what the lease is then.
  virtual outcome<lease_grant> change_lease(const std::string& name, const lease_change& change) = 0;
};

} // namespace weir
