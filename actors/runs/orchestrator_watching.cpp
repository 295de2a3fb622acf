// Who sees a run's text and result.

#include "actors/core/utf8.hpp"
#include "actors/runs/orchestrator.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace weir {

namespace {

refusal unknown_run(const std::string& run_id) {
  return {code::not_found,
          "unknown_run",
          "no run " + run_id + " is in flight, and no result of it is kept",
          0,
          {},
          0,
          0};
}

watch_book::viewer viewer_of(const watcher& x) { return {x.relay, x.subscriber}; }

void answer_to(const watcher& who, std::uint64_t ticket, refusal no) {
  answer out;
  out.ticket = ticket;
  out.no = std::move(no);
  caf::anon_send(who.relay, answer_batch{{std::move(out)}});
}

bool is(const watcher& x, const watch_book::viewer& who) {
  return x.relay == who.first && x.subscriber == who.second;
}

/// One connection watches a run once: what it asked for last counts.
void replace(std::vector<watcher>& all, const watcher& who) {
  std::erase_if(all, [&who](const watcher& x) { return is(x, {who.relay, who.subscriber}); });
  all.push_back(who);
}

} // namespace

// -- callers

void orchestrator::on_watch(const watch_run& what) {
  auto& id = what.run_id;
  if (what.abandoned) {
    if (!cancel(id) && !what.over && waiting_.size() < settings_.bounds.runs) waiting_[id].abandoned = true;
    return;
  }
  if (auto* result = results_.find(id)) return tell_all(what.who, *result);
  if (what.over)
    return look_up(id, [who = what.who, id](const run_result* found, const refusal& no) {
      if (found != nullptr) return tell_all(who, *found);
      run_result lost;
      lost.run_id = id;
      lost.error = no.refused() ? no : unknown_run(id);
      tell_all(who, lost);
    });
  auto no = enlist(id, what.who, false);
  if (!no.refused() && !show(id, what.who)) { // it is yet to be offered
    if (waiting_.size() >= settings_.bounds.runs && waiting_.count(id) == 0) {
      watches_.remove(id, viewer_of(what.who));
      no = {code::too_many, "namespace_full", "too many runs in flight", 1000,
            "namespace",    waiting_.size(),  settings_.bounds.runs};
    } else {
      replace(waiting_[id].watchers, what.who);
    }
  }
  if (no.refused()) {
    run_result refused;
    refused.run_id = id;
    refused.error = std::move(no);
    return tell_all(what.who, refused);
  }
  if (what.tied) watches_.tie(id, viewer_of(what.who));
}

// -- other viewers

void orchestrator::on_watch(const watch_request& what) {
  auto& id = what.run_id;
  auto in_flight = runs_.count(id) > 0 || waiting_.count(id) > 0 || is_arriving(id);
  if (in_flight) {
    auto no = enlist(id, what.who, true);
    auto refused = no.refused();
    answer_to(what.who, what.ticket, std::move(no));
    if (!refused && !show(id, what.who)) replace(waiting_[id].watchers, what.who);
    return;
  }
  auto then = [who = what.who, ticket = what.ticket, id](const run_result* found, const refusal& no) {
    if (found == nullptr) return answer_to(who, ticket, no.refused() ? no : unknown_run(id));
    answer_to(who, ticket, {});
    tell_all(who, *found);
  };
  if (auto* result = results_.find(id)) return then(result, {});
  look_up(id, then);
}

/// Answered once the run has taken note: nothing of it comes after the answer.
void orchestrator::on_unwatch(const unwatch_request& what) {
  auto who = viewer_of(what.who);
  auto done = [to = what.who, ticket = what.ticket] { answer_to(to, ticket, {}); };
  auto i = runs_.find(what.run_id);
  if (!watches_.remove(what.run_id, who) || i == runs_.end() || !i->second.actor) {
    hide(what.run_id, who);
    return done();
  }
  request(i->second.actor, caf::infinite, drop_watcher{who.first, who.second})
      .then(done, [done](const caf::error&) { done(); }); // it has ended
}

void orchestrator::on_gone(const watcher_gone& what) {
  auto left = watches_.gone(what.relay, what.subscriber);
  for (auto& [run_id, who] : left.watched) hide(run_id, who);
  for (auto& run_id : left.tied) cancel(run_id);
}

/// Whether there is room for one more who sees this run.
refusal orchestrator::enlist(const std::string& run_id, const watcher& who, bool by_watch) {
  switch (watches_.add(run_id, viewer_of(who), by_watch)) {
  case watch_book::verdict::added:
    return {};
  case watch_book::verdict::run_full:
    return {code::too_many,
            "quota",
            "run_id: too many watch this run",
            1000,
            "namespace",
            watches_.max_of_run(),
            watches_.max_of_run()};
  case watch_book::verdict::viewer_full:
    return {code::too_large,
            "too_large",
            "run_id: this connection watches too many runs",
            0,
            {},
            watches_.max_of_viewer(),
            watches_.max_of_viewer()};
  }
  return {};
}

/// @returns whether there is such a run.
bool orchestrator::show(const std::string& run_id, const watcher& who) {
  auto i = runs_.find(run_id);
  if (i == runs_.end()) return false;
  if (i->second.actor)
    send(i->second.actor, who);
  else
    replace(i->second.watchers, who);
  return true;
}

void orchestrator::hide(const std::string& run_id, const watch_book::viewer& who) {
  auto leave = [&who](std::vector<watcher>& all) {
    std::erase_if(all, [&who](const watcher& x) { return is(x, who); });
  };
  if (auto i = runs_.find(run_id); i != runs_.end()) {
    leave(i->second.watchers);
    if (i->second.actor) send(i->second.actor, drop_watcher{who.first, who.second});
  } else if (auto early = waiting_.find(run_id); early != waiting_.end()) {
    leave(early->second.watchers);
  }
}

void orchestrator::tell(const watcher& who, const run_result& result) {
  run_update out;
  out.subscriber = who.subscriber;
  out.finished = true;
  out.result = result;
  caf::anon_send(who.relay, std::move(out));
}

/// The text that it has not had yet, then the result.
void orchestrator::tell_all(const watcher& who, const run_result& result) {
  if (who.stream) {
    run_update out;
    out.subscriber = who.subscriber;
    auto text = streamed_text(result);
    out.delta = {result.run_id, who.at, std::string{utf8::after_code_points(text, who.at)}};
    if (!out.delta.text.empty()) caf::anon_send(who.relay, std::move(out));
  }
  tell(who, result);
}

} // namespace weir
