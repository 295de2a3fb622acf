#include "actors/store/sqlite/sqlite_log.hpp"

#include "actors/event/content_hash.hpp"
#include "actors/store/event_ages.hpp"
#include "actors/store/rules.hpp"
#include "actors/store/store.hpp"

#include <algorithm>

namespace weir {

namespace {

constexpr std::uint64_t seq_mask = (std::uint64_t{1} << 40) - 1;

constexpr const char* read_forward = R"(
  SELECT pos, type, recipient, client_id, message_id, prev_event_id, ts_ms, causal_gap, hash, data FROM events
  WHERE pos > ? AND pos <= ? ORDER BY pos)";
constexpr const char* read_backward = R"(
  SELECT pos, type, recipient, client_id, message_id, prev_event_id, ts_ms, causal_gap, hash, data FROM events
  WHERE pos > ? AND pos <= ? ORDER BY pos DESC)";
// The texts that a missing hash is worked out from are only read where it is missing.
#define WEIR_MARK                                                                                            \
  "pos, hash, client_id, message_id, type, prev_event_id, recipient, iif(hash IS NULL, data, ''), ts_ms"
constexpr const char* one_mark = "SELECT " WEIR_MARK " FROM events WHERE pos = ?";
constexpr const char* newest_marks =
    "SELECT " WEIR_MARK " FROM events WHERE pos > ? AND pos <= ? ORDER BY pos DESC";

std::uint64_t seq_of(const sqlite_statement& row) { return row.number(0) & seq_mask; }

/// Of a row of `one_mark` or `newest_marks`.
std::uint64_t hash_of(const sqlite_statement& row) {
  if (!row.is_null(1)) return row.number(1);
  event x;
  x.type = row.text(4);
  x.prev_event_id = row.text(5);
  x.to = row.text(6);
  x.data = row.text(7);
  return content_hash(x);
}

/// Of a row of `read_forward` or `read_backward`.
log_record record_of(const sqlite_statement& row) {
  auto x = std::make_shared<event>();
  x->seq = seq_of(row);
  x->type = row.text(1);
  x->to = row.text(2);
  x->client_id = row.text(3);
  x->message_id = row.text(4);
  x->prev_event_id = row.text(5);
  x->ts_ms = row.integer(6);
  x->set_stored_flags(static_cast<std::uint32_t>(row.integer(7)));
  x->data = row.text(9);
  auto hash = row.is_null(8) ? content_hash(*x) : row.number(8);
  return {std::move(x), hash};
}

} // namespace

sqlite_log::sqlite_log(const sqlite_db& db, sqlite_names& names)
  : db_(db), names_(names), ids_(db),
    load_(db,
          "SELECT id, epoch, first_kept, head, swept_to, bytes_in, bytes_out, ids_to, ids_freed_to FROM logs "
          "WHERE ns = ?"),
    create_(
        db,
        "INSERT INTO logs(ns, epoch, first_kept, head, swept_to, bytes_in, bytes_out, ids_to, ids_freed_to) "
        "VALUES (?, ?, 1, 0, 1, 0, 0, 0, 0)"),
    write_head_(db, "UPDATE logs SET epoch = ?, first_kept = ?, head = ?, swept_to = ?, bytes_in = ?, "
                    "bytes_out = ?, ids_to = ?, ids_freed_to = ? WHERE id = ?"),
    retire_(db, "UPDATE logs SET ns = NULL, first_kept = head + 1 WHERE id = ?"),
    insert_(db, "INSERT INTO events(pos, hash, bytes_in, ts_ms, causal_gap, type, client_id, message_id, "
                "prev_event_id, recipient, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    bytes_at_(db, "SELECT bytes_in FROM events WHERE pos = ?"),
    delete_(db, "DELETE FROM events WHERE pos >= ? AND pos < ?"), forward_(db, read_forward),
    backward_(db, read_backward), hash_(db, one_mark), newest_(db, newest_marks),
    to_sweep_(db,
              "SELECT l.id, n.name, l.first_kept, l.head, l.swept_to, l.ids_to, l.ids_freed_to FROM logs l "
              "LEFT JOIN namespaces n ON n.id = l.ns WHERE l.ns IS NULL OR l.swept_to < l.first_kept "
              "OR l.ids_freed_to < l.swept_to >> 16 LIMIT 1"),
    swept_(db, "UPDATE logs SET swept_to = ?, ids_freed_to = ? WHERE id = ?"),
    remove_(db, "DELETE FROM logs WHERE id = ?") {}

write_result sqlite_log::append(const log_append& what) {
  auto* to = load(what.ns);
  if (auto no = check_append(to ? to->state : log_state{}, what); no.refused()) return {std::move(no), 0};
  if (to == nullptr) to = &create(what.ns, what.epoch);
  touch(*to);
  auto& state = to->state;
  for (auto& x : what.records) {
    auto& e = *x.what;
    to->bytes_in += e.size_bytes();
    insert_
        .with(to->pos(e.seq), x.content_hash, to->bytes_in, e.ts_ms, e.stored_flags(), e.type, e.client_id,
              e.message_id, e.prev_event_id, e.to, e.data)
        .run();
    ids_.add(to->ids, e.client_id, e.message_id);
    state.head = e.seq;
  }
  state.bytes = to->bytes_in - to->bytes_out;
  appended_ += what.records.size();
  return {};
}

write_result sqlite_log::trim(const log_trim& what) {
  auto* from = load(what.ns);
  if (from == nullptr) return {};
  auto& state = from->state;
  auto first_kept = trimmed_to(state, what);
  if (first_kept == state.first_kept) return {};
  touch(*from);
  if (bytes_at_.with(from->pos(first_kept - 1)).step()) from->bytes_out = bytes_at_.number(0);
  bytes_at_.reset();
  state.first_kept = first_kept;
  state.bytes = from->bytes_in - from->bytes_out;
  return {};
}

write_result sqlite_log::reset(const log_reset& what) {
  if (auto* old = load(what.ns)) {
    if (old->state.epoch == what.epoch) return {};
    retire(what.ns, *old);
  }
  create(what.ns, what.epoch);
  return {};
}

void sqlite_log::drop(const std::string& ns) {
  if (auto* old = load(ns)) retire(ns, *old);
}

/// Another log may take its place; its events go with the next sweeps.
void sqlite_log::retire(const std::string& ns, head_row& old) {
  write_head(old);
  retire_.with(old.ids.log).run();
  ids_.drop(old.ids);
  dirty_.erase(std::remove(dirty_.begin(), dirty_.end(), &old), dirty_.end());
  heads_.erase(ns);
}

write_result sqlite_log::rename(const log_rename& what) {
  auto* x = load(what.ns);
  if (x == nullptr) {
    create(what.ns, what.epoch);
    return {};
  }
  touch(*x);
  x->state.epoch = what.epoch;
  return {};
}

void sqlite_log::save() {
  auto budget = trim_step + 2 * appended_;
  auto ids_budget = budget;
  for (auto* x : dirty_) {
    budget -= delete_trimmed(*x, budget);
    ids_budget -= ids_.free(x->ids, x->swept_to, ids_budget);
    ids_.save(x->ids, x->state.first_kept);
    write_head(*x);
    x->dirty = false;
  }
  dirty_.clear();
  appended_ = 0;
}

void sqlite_log::forget() {
  for (auto& [ns, x] : heads_) ids_.drop(x.ids);
  heads_.clear();
  dirty_.clear();
  appended_ = 0;
}

log_state sqlite_log::state(const std::string& ns) {
  auto* x = load(ns);
  if (x == nullptr) return {};
  auto out = x->state;
  if (out.count() > 0 && (!has_row(*x, out.first_kept) || !has_row(*x, out.head))) {
    out.integrity = log_integrity::broken;
    out.why = "events between " + std::to_string(out.first_kept) + " and " + std::to_string(out.head)
              + " are not in the file";
  }
  return out;
}

bool sqlite_log::has_row(const head_row& x, std::uint64_t seq) {
  auto out = bytes_at_.with(x.pos(seq)).step();
  bytes_at_.reset();
  return out;
}

log_read sqlite_log::read(const std::string& ns, const log_request& what) {
  auto* from = load(ns);
  if (from == nullptr) return {{}, 1, what.before_seq > 0 ? 1 : what.after_seq, 0};
  bool back = what.before_seq > 0;
  auto first = from->state.first_kept, head = from->state.head;
  log_read out{
      {}, first, back ? std::min(what.before_seq, head + 1) : std::max(what.after_seq, first - 1), head};
  if (what.limit == 0) return out;
  auto& row = back ? backward_.with(from->pos(first - 1), from->pos(out.read_to - 1))
                   : forward_.with(from->pos(out.read_to), from->pos(head));
  std::uint64_t scanned = 0, bytes = 0;
  while (out.records.size() < what.limit && scanned < store::max_scanned_events
         && !what.has_enough(bytes, store::max_read_bytes) && row.step()) {
    ++scanned;
    out.read_to = seq_of(row);
    if (!wanted(what, row.text(1), row.text(2))) continue;
    out.records.push_back(record_of(row));
    bytes += out.records.back().what->size_bytes();
  }
  row.reset();
  if (back) std::reverse(out.records.begin(), out.records.end());
  return out;
}

std::optional<event_place> sqlite_log::find(const std::string& ns, const std::string& client_id,
                                            const std::string& message_id) {
  auto* in = load(ns);
  if (in == nullptr || in->state.count() == 0) return {};
  auto seq = ids_.find(in->ids, in->state.first_kept, client_id, message_id);
  if (!seq) return {};
  event_place out{*seq, 0};
  if (hash_.with(in->pos(*seq)).step()) out.content_hash = hash_of(hash_);
  hash_.reset();
  return out;
}

std::vector<event_mark> sqlite_log::newest_ids(const std::string& ns, std::uint64_t limit,
                                               std::int64_t max_age_ms) {
  std::vector<event_mark> out;
  auto* in = load(ns);
  if (in == nullptr) return out;
  auto from = in->state.head + 1 - std::min(limit, in->state.count());
  newest_.with(in->pos(from - 1), in->pos(in->state.head));
  event_ages ages{max_age_ms};
  while (newest_.step()) {
    auto ts_ms = newest_.integer(8);
    if (!ages.next(ts_ms)) break;
    auto id = std::string{newest_.text(2)} + '/' + std::string{newest_.text(3)};
    out.push_back({std::move(id), seq_of(newest_), hash_of(newest_), ts_ms});
  }
  newest_.reset();
  std::reverse(out.begin(), out.end());
  return out;
}

std::uint64_t sqlite_log::sweep(std::uint64_t max) {
  std::uint64_t done = 0;
  while (done < max && to_sweep_.step()) {
    head_row gone; // a history before a reset
    gone.ids.log = to_sweep_.integer(0);
    bool retired = to_sweep_.is_null(1);
    gone.state.first_kept = to_sweep_.number(2);
    gone.state.head = to_sweep_.number(3);
    gone.swept_to = to_sweep_.number(4);
    gone.ids.indexed_to = to_sweep_.number(5);
    gone.ids.freed_to = to_sweep_.number(6);
    auto& x = retired ? gone : *load(std::string{to_sweep_.text(1)});
    to_sweep_.reset();
    done += delete_trimmed(x, max - done);
    auto blocks = x.swept_to >> sqlite_id_index::block_bits;
    if (retired) blocks = (x.ids.indexed_to >> sqlite_id_index::block_bits) + 1;
    done += ids_.free(x.ids, blocks << sqlite_id_index::block_bits, max - done);
    if (retired && x.swept_to == x.state.first_kept && x.ids.freed_to == blocks)
      remove_.with(x.ids.log).run();
    else
      swept_.with(x.swept_to, x.ids.freed_to, x.ids.log).run();
  }
  return done;
}

} // namespace weir
