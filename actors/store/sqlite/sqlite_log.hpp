#pragma once

#include "actors/messages/store_types.hpp"
#include "actors/store/sqlite/sqlite_id_index.hpp"
#include "actors/store/sqlite/sqlite_names.hpp"

#include <unordered_map>
#include <vector>

namespace weir {

/// The logs in a SQLite file. An event's row is `log id << 40 | seq`, so a log is a range of rows; a log that
/// was reset is left under its old id until it is swept.
///
/// All members throw `sqlite_error`. Writes must be within a transaction, `save` comes before its commit.
class sqlite_log {
public:
  static constexpr std::size_t max_cached = 10'000; ///< Heads of logs; the rest is read again when needed.
  static constexpr std::uint64_t trim_step = 512;   ///< See `save`.

  sqlite_log(const sqlite_db& db, sqlite_names& names);

  write_result append(const log_append& what);
  write_result trim(const log_trim& what);
  write_result reset(const log_reset& what);
  write_result rename(const log_rename& what);

  /// Leaves a namespace without a log.
  void drop(const std::string& ns);

  /// Writes the heads of the logs that changed, and deletes some of what was trimmed: twice as many events as
  /// were appended in this transaction and `trim_step` more. The rest is for `sweep`, so that no transaction
  /// takes long because of one trim.
  void save();

  /// To be called when a transaction was rolled back.
  void forget();

  log_state state(const std::string& ns);
  log_read read(const std::string& ns, const log_request& what);
  std::optional<event_place> find(const std::string& ns, const std::string& client_id,
                                  const std::string& message_id);
  std::vector<event_mark> newest_ids(const std::string& ns, std::uint64_t limit, std::int64_t max_age_ms);

  /// Deletes up to `max` events that were trimmed or belong to a history before a reset. Gives how many.
  std::uint64_t sweep(std::uint64_t max);

private:
  struct head_row {
    log_state state{};
    std::uint64_t swept_to = 1; // no older event is in the file
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    bool dirty = false;
    sqlite_id_index::part ids{};

    std::int64_t pos(std::uint64_t seq) const noexcept { return sqlite_id_index::pos(ids.log, seq); }
  };

  head_row* load(const std::string& ns);
  bool has_row(const head_row& x, std::uint64_t seq);
  head_row& create(const std::string& ns, const std::string& epoch);
  void retire(const std::string& ns, head_row& old);
  void make_room();
  void touch(head_row& x);
  void write_head(const head_row& x);
  std::uint64_t delete_trimmed(head_row& x, std::uint64_t max);

  const sqlite_db& db_;
  sqlite_names& names_;
  sqlite_id_index ids_;
  std::unordered_map<std::string, head_row> heads_;
  std::vector<head_row*> dirty_; // of heads_: these are not dropped from it
  std::uint64_t appended_ = 0;   // in this transaction

  sqlite_statement load_, create_, write_head_, retire_, insert_, bytes_at_, delete_, forward_, backward_,
      hash_, newest_, to_sweep_, swept_, remove_;
};

} // namespace weir
