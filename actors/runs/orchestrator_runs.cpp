// A run's life, from the call that is found in the log to its end.

#include "actors/calls/ask_agent.hpp"
#include "actors/core/errors.hpp"
#include "actors/namespace/namespace_actor.hpp"
#include "actors/runs/orchestrator.hpp"
#include "actors/runs/run.hpp"

#include <algorithm>

namespace weir {

namespace {

constexpr std::int64_t worker_retry_ms = 100;

bool is_call(const event& x) { return x.type.compare(0, 9, "sys.call.") == 0; }

refusal agent_failed(const std::string& name) {
  return {code::unavailable, "unavailable", "the agent " + name + " has failed", 0, {}, 0, 0};
}

refusal deadline_passed() {
  return {code::deadline, "deadline", "the run's time was over before its turn came", 0, {}, 0, 0};
}

refusal thread_busy(const std::string& thread) {
  return {code::conflict, "busy", "the thread " + thread + " has a run in flight", 0, {}, 0, 0};
}

refusal thread_full(const std::string& thread, std::uint64_t limit) {
  return {code::too_many, "thread_full", "too many calls wait in the thread " + thread, 1000, "namespace",
          limit,          limit};
}

refusal unknown_run(const std::string& run_id) {
  return {code::not_found, "unknown_run", "no run " + run_id + " is in flight", 0, {}, 0, 0};
}

run_result cancelled(const std::string& run_id, std::int64_t elapsed_ms) {
  run_result out;
  out.run_id = run_id;
  out.status = run_status::cancelled;
  out.elapsed_ms = elapsed_ms;
  out.error = {code::cancelled, "cancelled", "cancelled before it began", 0, {}, 0, 0};
  return out;
}

} // namespace

// -- its beginning

/// A call that somebody may have had before may be over already. What comes after it waits until that is
/// known: threads are served in the order of the log, and what a run awaits is not there before the run.
void orchestrator::on_offer(const offered_event& what) {
  auto id = what.what->event_id();
  if (is_call(*what.what) && runs_.count(id) > 0) return; // taken up already, from its journal
  auto looks = what.redelivered && link_.exists() && is_call(*what.what);
  arrivals_.push_back({what.what, !looks, what.attempt, what.redelivered});
  if (!looks) return take_arrivals();
  auto seq = what.what->seq;
  look_up(id, [this, seq](const run_result* found, const refusal&) {
    auto at = std::find_if(arrivals_.begin(), arrivals_.end(), [seq](auto& x) { return x.what->seq == seq; });
    if (at == arrivals_.end()) return;
    at->ready = true;
    auto done = found != nullptr ? std::optional{*found} : ended_as(seq);
    if (done) {
      arrivals_.erase(at);
      finish(seq, std::move(*done));
    }
    take_arrivals();
  });
}

void orchestrator::take_arrivals() {
  while (!moving_ && !arrivals_.empty() && arrivals_.front().ready) {
    auto next = std::move(arrivals_.front());
    arrivals_.pop_front();
    if (!is_call(*next.what)) {
      on_awaited(next.what);
      continue;
    }
    auto order = read_order(*next.what);
    order.attempt = next.attempt;
    if (auto no = check(next, order); no.refused())
      bury(order, std::move(no));
    else
      begin(std::move(order));
  }
}

/// Why a call is a dead letter before it begins. What has a journal, or runs elsewhere, has nothing to do
/// with how this process ended.
refusal orchestrator::check(const arrival& what, const call_order& order) const {
  if (order.hops > settings_.bounds.hops && !what.redelivered)
    return errors::hops("hops: " + std::to_string(order.hops)
                        + " agents, workflows and calls have led to this one");
  auto agent = agents_.find(order.target);
  auto runs_here = agent != agents_.end() && !agent->second.config.is_external();
  if (runs_here && what.attempt > durable_subscription::max_attempts)
    return dead_letter_of(order.target, "the process died twice while it had the call in hand");
  return {};
}

void orchestrator::bury(const call_order& order, refusal why) {
  buried_[order.seq] = why.message;
  fail(order.seq, order.run_id, std::move(why));
}

/// The workers of an external agent have used up the tries of a call.
void orchestrator::on_buried(const call_buried& what) {
  auto i = runs_.find(what.run_id);
  if (i == runs_.end()) return;                            // it has ended
  if (i->second.actor) return send(i->second.actor, what); // it has the text so far, and its viewers
  fail(i->second.order.seq, what.run_id, dead_letter_of(i->second.order.target, what.error));
}

bool orchestrator::is_served(const std::string& target) const {
  auto i = agents_.find(target);
  return find_workflow(target) != nullptr || (i != agents_.end() && is_served(i->second));
}

void orchestrator::begin(call_order order) {
  if (!is_served(order.target)) return fail(order.seq, order.run_id, agent_failed(order.target));
  auto id = order.run_id;
  auto& x = runs_[id];
  meters_.runs.value(runs_.size());
  x.order = std::move(order);
  x.since_ms = accepted_ms(x.order.ts_ms);
  auto node = waiting_.extract(id);
  if (!node.empty()) {
    x.watchers = std::move(node.mapped().watchers);
    if (node.mapped().abandoned) return finish(x.order.seq, cancelled(id, waited_ms(x)));
  }
  if (x.order.thread.empty()) return start(id);
  hold(x);
  enter_thread(id);
}

/// Until it has an actor, its deadline is kept here.
void orchestrator::hold(open_run& x) {
  auto& order = x.order;
  auto limit_ms = order.timeout_ms > 0 ? order.timeout_ms : usual_timeout_ms(order.target);
  auto left_ms = std::max<std::int64_t>(limit_ms - waited_ms(x), 0);
  x.timer = run_delayed(std::chrono::milliseconds{left_ms}, [this, id = order.run_id] {
    auto i = runs_.find(id);
    if (i != runs_.end() && !i->second.actor && !i->second.ends)
      fail(i->second.order.seq, id, deadline_passed());
  });
}

void orchestrator::enter_thread(const std::string& run_id) {
  auto order = runs_.at(run_id).order;
  auto next = threads_.add(run_id, order.thread, order.on_busy);
  for (auto& id : next.cancel) cancel(id);
  switch (next.what) {
  case thread_book::verdict::start:
    return start(run_id);
  case thread_book::verdict::busy:
    return fail(order.seq, run_id, thread_busy(order.thread));
  case thread_book::verdict::full:
    return fail(order.seq, run_id, thread_full(order.thread, threads_.max_waiting()));
  case thread_book::verdict::wait:
    return;
  }
}

void orchestrator::start(const std::string& run_id) {
  auto i = runs_.find(run_id);
  if (i == runs_.end() || i->second.ends || moving_) return;
  if (remembering(i->second.order) == nullptr) return spawn_run(run_id, {});
  with_conversation(thread_key(i->second.order), [this, run_id](const conversation* earlier) {
    spawn_run(run_id, earlier == nullptr ? conversation{} : *earlier);
  });
}

void orchestrator::spawn_run(const std::string& run_id, const conversation& earlier) {
  auto i = runs_.find(run_id);
  if (i == runs_.end() || i->second.ends) return; // over before it began
  auto& x = i->second;
  if (!is_served(x.order.target)) return fail(x.order.seq, run_id, agent_failed(x.order.target));
  x.timer.dispose();
  announce_started(x.order);
  if (auto plan = find_workflow(x.order.target)) return spawn_workflow(x, std::move(plan));
  auto& agent = agents_.at(x.order.target);
  run::config job;
  job.run_id = run_id;
  job.ns = settings_.ns_name;
  job.seq = x.order.seq;
  job.client_id = x.order.client_id;
  job.input = x.order.input;
  job.timeout_ms = x.order.timeout_ms;
  job.waited_ms = waited_ms(x);
  job.attempt = x.order.attempt;
  job.hops = x.order.hops;
  if (agent.config.kind == "prompt") job.prompt = agent.config.prompt;
  if (agent.config.is_external()) job.external = agent.config.external;
  job.target = x.order.target;
  job.earlier = earlier;
  job.agent = agent.door;
  job.models = settings_.models;
  job.ns_actor = settings_.ns;
  job.watchers = std::exchange(x.watchers, {});
  job.owner = this;
  x.actor = spawn<run>(std::move(job));
  watch_over(x);
}

std::int64_t orchestrator::usual_timeout_ms(const std::string& target) const {
  if (auto plan = find_workflow(target)) return plan->plan->timeout_ms;
  auto& x = agents_.at(target);
  if (x.config.is_external()) return x.config.external.timeout_ms;
  if (x.config.kind != "prompt") return run::default_timeout_ms;
  auto i = settings_.models->find(x.config.prompt.model);
  return i == settings_.models->end() ? run::default_timeout_ms : i->second.config.timeout_ms;
}

std::int64_t orchestrator::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock().now().time_since_epoch()).count();
}

/// When that was, by now_ms(): not in the future, whatever the wall clock shows by now.
std::int64_t orchestrator::accepted_ms(std::int64_t ts_ms) const {
  return now_ms() - std::max<std::int64_t>(settings_.wall_clock_ms() - ts_ms, 0);
}

void orchestrator::watch_over(open_run& x) {
  monitor(x.actor);
  run_ids_[x.actor.address()] = x.order.run_id;
}

// -- while it runs

void orchestrator::on_cancel(const cancel_run& what) {
  auto reply = [this, to = what.relay, ticket = what.ticket](refusal no) {
    answer out;
    out.ticket = ticket;
    out.no = std::move(no);
    if (to) send(to, answer_batch{{std::move(out)}});
  };
  auto i = runs_.find(what.run_id);
  if (i != runs_.end() && i->second.plan
      && i->second.actor) // its steps may have to be undone: that takes time
    return request(i->second.actor, caf::infinite, stop_atom_v)
        .then([reply] { reply({}); }, [reply](const caf::error&) { reply({}); });
  if (!cancel(what.run_id)) return reply(unknown_run(what.run_id));
  after_end(what.run_id, [reply] { reply({}); });
}

/// Calls `then` once the end of a run that has been asked to end is kept; at once where there is none.
void orchestrator::after_end(const std::string& run_id, std::function<void()> then) {
  if (auto i = runs_.find(run_id); i != runs_.end())
    i->second.on_kept.push_back(std::move(then));
  else
    then();
}

/// @returns whether there was anything to cancel.
bool orchestrator::cancel(const std::string& run_id) {
  if (auto i = runs_.find(run_id); i != runs_.end()) {
    auto& x = i->second;
    if (x.actor)
      send(x.actor, stop_atom_v);
    else if (!x.ends)
      finish(x.order.seq, cancelled(run_id, waited_ms(x)));
    return true;
  }
  if (waiting_.count(run_id) == 0 && !is_arriving(run_id)) return false;
  waiting_[run_id].abandoned = true;
  return true;
}

bool orchestrator::is_arriving(const std::string& run_id) const {
  return std::any_of(arrivals_.begin(), arrivals_.end(),
                     [&](const arrival& x) { return x.what->event_id() == run_id; });
}

/// @param found the run of an external agent, for what its clients say.
refusal orchestrator::find_external(const std::string& run_id, caf::actor& found) const {
  auto i = runs_.find(run_id);
  if (i == runs_.end() ? !is_arriving(run_id) : i->second.ends) return unknown_run(run_id);
  auto agent = i == runs_.end() ? agents_.end() : agents_.find(i->second.order.target);
  if (i != runs_.end() && (agent == agents_.end() || !agent->second.config.is_external()))
    return unknown_run(run_id);
  if (i == runs_.end() || !i->second.actor)
    return {code::unavailable,
            "unavailable",
            "the run waits for its turn in its thread",
            worker_retry_ms,
            {},
            0,
            0};
  found = i->second.actor;
  return {};
}

/// A client's piece of an external agent's answer: passed on to the run.
caf::result<answer> orchestrator::on_worker(worker_delta& what) {
  caf::actor to;
  answer out;
  out.no = find_external(what.run_id, to);
  if (out.no.refused()) return out;
  delegate(to, std::move(what));
  return caf::delegated<answer>{};
}

/// A client's end of it: answered once it is kept, since the client then forgets what it has done.
caf::result<answer> orchestrator::on_worker(worker_result& what) {
  caf::actor to;
  answer out;
  out.no = find_external(what.run_id, to);
  if (out.no.refused()) return out;
  auto promise = make_response_promise<answer>();
  request(to, caf::infinite, what)
      .then(
          [this, promise, run_id = what.run_id](const answer& got) mutable {
            if (got.no.refused()) return promise.deliver(got);
            after_end(run_id, [promise, got]() mutable { promise.deliver(got); });
          },
          [promise, run_id = what.run_id](const caf::error&) mutable {
            answer no;
            no.no = unknown_run(run_id);
            promise.deliver(std::move(no));
          });
  return promise;
}

// -- its end

void orchestrator::on_finished(const run_finished& what) { finish(what.seq, what.result, what.watchers); }

void orchestrator::fail(std::uint64_t seq, const std::string& run_id, refusal why) {
  run_result out;
  out.run_id = run_id;
  out.error = std::move(why);
  if (auto i = runs_.find(run_id); i != runs_.end()) out.elapsed_ms = waited_ms(i->second);
  finish(seq, std::move(out));
}

/// The end of a run: kept first, and only then told to anybody. Until then it is one of `runs_`, so whoever
/// asks for it waits, too.
void orchestrator::finish(std::uint64_t seq, run_result result, std::vector<watcher> viewers) {
  call_order order;
  if (auto i = runs_.find(result.run_id); i != runs_.end()) {
    auto& x = i->second;
    if (std::exchange(x.ends, true)) return;
    order = x.order;
    x.timer.dispose();
    if (x.actor) {
      demonitor(x.actor);
      run_ids_.erase(x.actor.address());
      x.actor = nullptr;
    }
    for (auto& who : viewers) x.watchers.push_back(std::move(who));
    wakes_.erase(seq);
    sleepers_.erase(seq);
    release_events(x);
  }
  keep(order, result, [this, seq, result] { on_kept(seq, result); });
}

void orchestrator::on_kept(std::uint64_t seq, const run_result& result) {
  auto& id = result.run_id;
  open_run done;
  if (auto node = runs_.extract(id); !node.empty()) done = std::move(node.mapped());
  for (auto& who : done.watchers) tell_all(who, result);
  if (auto node = waiting_.extract(id); !node.empty())
    for (auto& who : node.mapped().watchers) tell_all(who, result);
  watches_.finished(id);
  for (auto& then : done.on_kept) then();
  announce_finished(done, result);
  meters_.runs.value(runs_.size());
  meters_.finished(result.status);
  results_.add(result);
  meters_.results.value(results_.size());
  meters_.result_bytes.value(results_.bytes());
  settle(seq);
  if (auto next = threads_.finished(id)) start(*next);
  end_move();
}

// What these say needs no escaping: ids and names are of letters that JSON takes as they are.

void orchestrator::announce_started(const call_order& x) {
  send(settings_.ns, server_event{"sys.run.started",
                                  R"({"run_id":")" + x.run_id + R"(","target":")" + x.target
                                      + R"(","client_id":")" + x.client_id + R"("})",
                                  true});
}

void orchestrator::announce_finished(const open_run& done, const run_result& x) {
  auto agent = agents_.find(done.order.target);
  auto elsewhere = agent != agents_.end() && agent->second.config.is_external();
  if (elsewhere && x.status == run_status::cancelled)
    send(settings_.ns, server_event{"sys.run.cancelled", R"({"run_id":")" + x.run_id + R"("})", true});
  send(settings_.ns, server_event{"sys.run.finished",
                                  R"({"run_id":")" + x.run_id + R"(","status":")" + to_string(x.status)
                                      + R"(","elapsed_ms":)" + std::to_string(x.elapsed_ms) + '}',
                                  true});
}

} // namespace weir
