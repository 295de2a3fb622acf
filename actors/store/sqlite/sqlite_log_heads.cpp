// The heads of the logs: the part of sqlite_log that keeps them in memory and in their rows.

#include "actors/store/sqlite/sqlite_log.hpp"

#include <algorithm>

namespace weir {

sqlite_log::head_row* sqlite_log::load(const std::string& ns) {
  if (auto i = heads_.find(ns); i != heads_.end()) return &i->second;
  auto id = names_.find(ns);
  if (id == 0 || !load_.with(id).step()) return nullptr;
  head_row x;
  x.ids.log = load_.integer(0);
  x.state.epoch = load_.text(1);
  x.state.first_kept = load_.number(2);
  x.state.head = load_.number(3);
  x.swept_to = load_.number(4);
  x.bytes_in = load_.number(5);
  x.bytes_out = load_.number(6);
  x.ids.indexed_to = load_.number(7);
  x.ids.freed_to = load_.number(8);
  x.ids.recent_from = x.state.head;
  x.state.bytes = x.bytes_in - x.bytes_out;
  load_.reset();
  make_room();
  return &heads_.emplace(ns, std::move(x)).first->second;
}

sqlite_log::head_row& sqlite_log::create(const std::string& ns, const std::string& epoch) {
  create_.with(names_.intern(ns), epoch).run();
  head_row x;
  x.ids.log = db_.last_row_id();
  x.state.epoch = epoch;
  make_room();
  return heads_.insert_or_assign(ns, std::move(x)).first->second;
}

void sqlite_log::make_room() {
  if (heads_.size() < max_cached) return;
  auto clean = std::find_if(heads_.begin(), heads_.end(), [](auto& x) { return !x.second.dirty; });
  if (clean == heads_.end()) return;
  ids_.drop(clean->second.ids);
  heads_.erase(clean);
}

void sqlite_log::touch(head_row& x) {
  if (x.dirty) return;
  x.dirty = true;
  dirty_.push_back(&x);
}

void sqlite_log::write_head(const head_row& x) {
  write_head_
      .with(x.state.epoch, x.state.first_kept, x.state.head, x.swept_to, x.bytes_in, x.bytes_out,
            x.ids.indexed_to, x.ids.freed_to, x.ids.log)
      .run();
}

std::uint64_t sqlite_log::delete_trimmed(head_row& x, std::uint64_t max) {
  auto n = std::min(max, x.state.first_kept - x.swept_to);
  if (n > 0) delete_.with(x.pos(x.swept_to), x.pos(x.swept_to + n)).run();
  x.swept_to += n;
  return n;
}

} // namespace weir
