#include "actors/runs/watch_book.hpp"

namespace weir {

watch_book::verdict watch_book::add(const std::string& run_id, const viewer& who, bool by_watch) {
  auto run = runs_.find(run_id);
  auto there = run != runs_.end() && run->second.watchers.count(who) > 0;
  if (!there && run != runs_.end() && run->second.watchers.size() >= max_of_run_) return verdict::run_full;
  auto i = viewers_.find(who);
  if (!there && by_watch && i != viewers_.end() && i->second.watches >= max_of_viewer_)
    return verdict::viewer_full;
  if (there) return verdict::added;
  runs_[run_id].watchers.emplace(who, by_watch);
  auto& x = viewers_[who];
  x.runs.insert(run_id);
  if (by_watch) ++x.watches;
  return verdict::added;
}

void watch_book::tie(const std::string& run_id, const viewer& who) {
  auto before = std::exchange(runs_[run_id].tied_to, who);
  if (before.first && before != who) let_go(before, run_id, false);
  viewers_[who].runs.insert(run_id);
}

bool watch_book::remove(const std::string& run_id, const viewer& who) {
  auto run = runs_.find(run_id);
  if (run == runs_.end()) return false;
  auto node = run->second.watchers.extract(who);
  if (node.empty()) return false;
  let_go(who, run_id, node.mapped());
  if (run->second.watchers.empty() && !run->second.tied_to.first) runs_.erase(run);
  return true;
}

watch_book::departure watch_book::gone(const caf::actor& relay, std::uint64_t subscriber) {
  departure out;
  auto i = viewers_.lower_bound({relay, subscriber});
  while (i != viewers_.end() && i->first.first == relay
         && (subscriber == 0 || i->first.second == subscriber)) {
    take_leave(i->first, i->second, out);
    i = viewers_.erase(i);
  }
  return out;
}

void watch_book::take_leave(const viewer& who, viewer_entry& x, departure& out) {
  for (auto& run_id : x.runs) {
    auto run = runs_.find(run_id);
    if (run == runs_.end()) continue;
    if (run->second.watchers.erase(who) > 0) out.watched.emplace_back(run_id, who);
    if (run->second.tied_to == who) {
      out.tied.push_back(run_id);
      run->second.tied_to = {};
    }
    if (run->second.watchers.empty() && !run->second.tied_to.first) runs_.erase(run);
  }
}

void watch_book::finished(const std::string& run_id) {
  auto node = runs_.extract(run_id);
  if (node.empty()) return;
  for (auto& [who, by_watch] : node.mapped().watchers) let_go(who, run_id, by_watch);
  if (auto& who = node.mapped().tied_to; who.first) let_go(who, run_id, false);
}

/// Forgets a run of a viewer, unless it is still of interest to it.
void watch_book::let_go(const viewer& who, const std::string& run_id, bool by_watch) {
  auto i = viewers_.find(who);
  if (i == viewers_.end()) return;
  if (by_watch) --i->second.watches;
  auto run = runs_.find(run_id);
  auto wanted = run != runs_.end() && (run->second.watchers.count(who) > 0 || run->second.tied_to == who);
  if (!wanted) i->second.runs.erase(run_id);
  if (i->second.runs.empty()) viewers_.erase(i);
}

std::size_t watch_book::watchers_of(const std::string& run_id) const {
  auto i = runs_.find(run_id);
  return i == runs_.end() ? 0 : i->second.watchers.size();
}

void watch_book::clear() {
  runs_.clear();
  viewers_.clear();
}

} // namespace weir
