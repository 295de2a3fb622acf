#include "actors/store/sqlite/sqlite_id_index.hpp"

#include "actors/core/hash.hpp"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

// An entry of the index: the hash above the event's place in its block, together a positive number.
constexpr std::uint64_t hash_mask = (std::uint64_t{1} << 47) - 1;
constexpr std::uint64_t at_mask = (std::uint64_t{1} << sqlite_id_index::block_bits) - 1;

/// The number of a block of a log, over all logs.
std::int64_t block_id(std::int64_t log, std::uint64_t block) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(log) << (40 - sqlite_id_index::block_bits)
                                   | block);
}

} // namespace

sqlite_id_index::sqlite_id_index(const sqlite_db& db)
  : insert_(db, "INSERT INTO ids(block, entry) VALUES (?, ?)"),
    search_(db, "SELECT entry FROM ids WHERE block = ? AND entry >= ? AND entry <= ? ORDER BY entry DESC"),
    id_at_(db, "SELECT client_id, message_id FROM events WHERE pos = ?"),
    ids_between_(db, "SELECT client_id, message_id FROM events WHERE pos > ? AND pos <= ? ORDER BY pos"),
    nth_(db, "SELECT entry FROM ids WHERE block = ? ORDER BY entry LIMIT 1 OFFSET ?"),
    delete_below_(db, "DELETE FROM ids WHERE block = ? AND entry < ?"),
    delete_block_(db, "DELETE FROM ids WHERE block = ?") {
  sqlite_statement seed{db, "SELECT value FROM counters WHERE name = 'id_seed'"};
  seed_ = seed.step() ? seed.number(0) : 0;
}

void sqlite_id_index::add(part& x, const std::string& client_id, const std::string& message_id) {
  x.recent.push_back(hash(x, client_id, message_id));
  ++recent_total_;
}

void sqlite_id_index::save(part& x, std::uint64_t oldest) {
  auto head = x.recent_from + x.recent.size();
  if (head - x.indexed_to < (recent_total_ > max_recent ? small_batch_ids : batch_ids)) return;
  catch_up(x, oldest);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> rows; // block, entry
  rows.reserve(x.recent.size());
  auto seq = x.recent_from;
  for (auto hash : x.recent) {
    ++seq;
    rows.emplace_back(seq >> block_bits, hash << block_bits | (seq & at_mask));
  }
  std::sort(rows.begin(), rows.end());
  for (auto& row : rows) insert_.with(block_id(x.log, row.first), row.second).run();
  drop(x);
  x.indexed_to = x.recent_from = head;
}

std::uint64_t sqlite_id_index::free(part& x, std::uint64_t oldest, std::uint64_t max) {
  std::uint64_t done = 0;
  while (done < max && x.freed_to < oldest >> block_bits) {
    auto block = block_id(x.log, x.freed_to);
    bool more = nth_.with(block, max - done).step();
    auto limit = more ? nth_.integer(0) : 0;
    nth_.reset();
    auto& statement = more ? delete_below_.with(block, limit) : delete_block_.with(block);
    done += statement.run();
    if (more) break;
    ++x.freed_to;
  }
  return done;
}

std::optional<std::uint64_t> sqlite_id_index::find(part& x, std::uint64_t first_kept,
                                                   const std::string& client_id,
                                                   const std::string& message_id) {
  catch_up(x, first_kept);
  auto wanted = hash(x, client_id, message_id);
  for (auto i = x.recent.size(); i-- > 0;)
    if (auto seq = x.recent_from + i + 1; x.recent[i] == wanted && seq >= first_kept)
      if (is(x, seq, client_id, message_id)) return seq;
  for (auto block = (x.indexed_to >> block_bits) + 1; block-- > first_kept >> block_bits;) {
    search_.with(block_id(x.log, block), wanted << block_bits, wanted << block_bits | at_mask);
    while (search_.step()) {
      auto seq = block << block_bits | (search_.number(0) & at_mask);
      if (seq < first_kept || !is(x, seq, client_id, message_id)) continue;
      search_.reset();
      return seq;
    }
  }
  return {};
}

void sqlite_id_index::drop(part& x) noexcept {
  recent_total_ -= x.recent.size();
  x.recent.clear();
  x.recent.shrink_to_fit();
}

std::uint64_t sqlite_id_index::hash(const part& x, std::string_view client_id,
                                    std::string_view message_id) const noexcept {
  // Seeded, so that nobody can choose ids that meet.
  auto salt = seed_ + static_cast<std::uint64_t>(x.log);
  std::string_view salt_bytes{reinterpret_cast<const char*>(&salt), sizeof(salt)};
  auto out = fnv1a{}.add(salt_bytes).add(client_id).add(message_id).value();
  return (out ^ out >> 47) & hash_mask;
}

/// Reads the ids that are neither in the file's index nor in memory: those from before a restart.
void sqlite_id_index::catch_up(part& x, std::uint64_t oldest) {
  x.indexed_to = std::max(x.indexed_to, std::min(oldest - 1, x.recent_from));
  if (x.indexed_to >= x.recent_from) return;
  std::vector<std::uint64_t> missing;
  ids_between_.with(pos(x.log, x.indexed_to), pos(x.log, x.recent_from));
  while (ids_between_.step()) missing.push_back(hash(x, ids_between_.text(0), ids_between_.text(1)));
  recent_total_ += missing.size();
  x.recent_from -= missing.size();
  x.recent.insert(x.recent.begin(), missing.begin(), missing.end());
}

bool sqlite_id_index::is(const part& x, std::uint64_t seq, const std::string& client_id,
                         const std::string& message_id) {
  bool same =
      id_at_.with(pos(x.log, seq)).step() && id_at_.text(0) == client_id && id_at_.text(1) == message_id;
  id_at_.reset();
  return same;
}

} // namespace weir
