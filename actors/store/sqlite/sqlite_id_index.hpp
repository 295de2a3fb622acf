#pragma once

#include "actors/store/sqlite/sqlite_db.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// Finds events by their id: an index made so that an append costs the same however long the log is. Ids are
/// as good as random, so an index over all of them would touch another page of the file for each event.
///
/// Hashes of the newest ids are kept in memory and added to the file's index by the thousand, sorted, into
/// the part of their block of 65,536 events. After a restart they are worked out again from the events. A
/// search looks at those in memory, then into each block, the newest first. A block leaves the index once all
/// its events are deleted.
///
/// All members throw `sqlite_error`; those that write must be within a transaction.
class sqlite_id_index {
public:
  static constexpr int block_bits = 16;                 // part of the file's format
  static constexpr std::uint64_t batch_ids = 4096;      ///< Of one log in memory, then they are written.
  static constexpr std::uint64_t max_recent = 1 << 20;  ///< Of all logs; above it they are written …
  static constexpr std::uint64_t small_batch_ids = 256; ///< … in batches of this size.

  /// What belongs to one log.
  struct part {
    std::int64_t log = 0;
    std::uint64_t indexed_to = 0;        ///< All up to this seq are in the file's index.
    std::uint64_t freed_to = 0;          ///< No older block is in it any more.
    std::uint64_t recent_from = 0;       ///< `recent` begins after this seq …
    std::vector<std::uint64_t> recent{}; ///< … and holds the hashes of all ids up to the head.
  };

  /// The row of an event in the file: a log is a range of rows.
  static std::int64_t pos(std::int64_t log, std::uint64_t seq) noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(log) << 40 | seq);
  }

  explicit sqlite_id_index(const sqlite_db& db);

  /// Adds the id of the log's next event.
  void add(part& x, const std::string& client_id, const std::string& message_id);

  /// Writes the ids that are kept in memory, if there are enough of them.
  /// @param oldest the first seq that is in the file, at least 1.
  void save(part& x, std::uint64_t oldest);

  /// Deletes up to `max` ids of blocks that end before `oldest`. Gives how many.
  std::uint64_t free(part& x, std::uint64_t oldest, std::uint64_t max);

  /// The seq of the newest event with this id from `first_kept` on.
  std::optional<std::uint64_t> find(part& x, std::uint64_t first_kept, const std::string& client_id,
                                    const std::string& message_id);

  /// To be called when a part goes out of memory.
  void drop(part& x) noexcept;

private:
  std::uint64_t hash(const part& x, std::string_view client_id, std::string_view message_id) const noexcept;
  void catch_up(part& x, std::uint64_t oldest);
  bool is(const part& x, std::uint64_t seq, const std::string& client_id, const std::string& message_id);

  std::uint64_t seed_;
  std::uint64_t recent_total_ = 0;
  sqlite_statement insert_, search_, id_at_, ids_between_, nth_, delete_below_, delete_block_;
};

} // namespace weir
