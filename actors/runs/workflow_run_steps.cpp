// What the machine of a workflow's run wants done: steps of agents, of models and of clients.

#include "actors/agents/agent_host.hpp"
#include "actors/calls/ask_agent.hpp"
#include "actors/core/json_print.hpp"
#include "actors/runs/kept_result.hpp"
#include "actors/runs/run.hpp"
#include "actors/runs/workflow_run.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace weir {

namespace {

refusal crashed(const std::string& who, const caf::error& why) {
  return {code::internal, "failed", who + " crashed: " + to_string(why), 0, {}, 0, 0};
}

} // namespace

// -- what the machine says

void workflow_run::act(workflow_machine::start_call& what) {
  announce("sys.run.step", what.step, what.path, what.target, "started");
  auto& x = steps_[what.step];
  x.began_ms = now_of_record_ms_;
  x.what = std::move(what);
  if (!replaying_) start(x.what);
}

void workflow_run::act(const workflow_machine::stop_call& what) {
  auto node = steps_.extract(what.step);
  if (node.empty()) return;
  auto& x = node.mapped();
  announce("sys.run.step", what.step, x.what.path, x.what.target, "stopped");
  if (replaying_) return;
  if (x.runner) send(x.runner, stop_atom_v);
  if (x.sub_call != 0 && calls_) calls_->cancel(x.sub_call);
  if (!x.runner && x.sub_call == 0)
    if (auto i = settings_.services->targets.find(x.what.target); i != settings_.services->targets.end())
      send(i->second.door, stop_atom_v, origin_of(what.step));
}

void workflow_run::act(const workflow_machine::start_wait& what) {
  announce("sys.run.waiting", what.step, what.path, what.pattern, nullptr);
}

void workflow_run::act(const workflow_machine::stop_wait&) {}

void workflow_run::act(workflow_machine::finish& what) {
  run_result out;
  out.status = what.status;
  out.output = std::move(what.output);
  out.error = std::move(what.error);
  out.usage = what.usage;
  set_streamed(out, viewers_.text());
  out.attempts = started_;
  finish(std::move(out));
}

// -- steps

void workflow_run::start(const workflow_machine::start_call& what) {
  ++started_;
  auto& targets = settings_.services->targets;
  auto i = targets.find(what.target);
  if (i != targets.end() && i->second.config.is_external()) return ask_client(what); // it has no door
  if (i == targets.end() || !i->second.door)
    return on_step(
        what.step, run_status::failed, "null",
        refusal{code::unavailable, "unavailable", "the agent " + what.target + " is not there", 0, {}, 0, 0});
  if (i->second.config.kind == "prompt") return ask_model(what, i->second);
  ask_agent(what, i->second);
}

void workflow_run::ask_agent(const workflow_machine::start_call& what, const run_target& whom) {
  agent_call call{settings_.run_id,
                  settings_.seq,
                  settings_.client_id,
                  what.input,
                  what.timeout_ms,
                  origin_of(what.step),
                  1,
                  settings_.hops};
  // Without a time-out of its own: the machine keeps the step's deadline.
  weir::ask_agent(
      this, whom.door, caf::infinite, caf::make_message(std::move(call)),
      [this, step = what.step](agent_reply& got) {
        auto status = got.error.refused() ? run_status::failed : run_status::complete;
        on_step(step, status, std::move(got.output), std::move(got.error));
      },
      [this, step = what.step, target = what.target](const caf::error& why) {
        on_step(step, run_status::failed, "null", agent_lost(target, why));
      });
}

/// A model's answer is a run like that of any call, with this one as its only viewer.
void workflow_run::ask_model(const workflow_machine::start_call& what, const run_target& whom) {
  run::config job;
  job.run_id = settings_.run_id + '/' + std::to_string(what.step);
  job.ns = settings_.services->ns_name;
  job.seq = settings_.seq;
  job.client_id = settings_.client_id;
  job.input = what.input;
  job.timeout_ms = what.timeout_ms;
  job.prompt = whom.config.prompt;
  job.target = what.target;
  job.models = settings_.services->models;
  job.ns_actor = settings_.services->ns;
  job.origin = origin_of(what.step);
  job.hops = settings_.hops;
  job.watchers.push_back({this, what.step, what.stream});
  job.owner = this;
  auto runner = spawn<run>(std::move(job));
  monitor(runner);
  steps_[what.step].runner = std::move(runner);
}

/// A program behind a socket finds its work in the log.
void workflow_run::ask_client(const workflow_machine::start_call& what) {
  if (!calls_) calls_ = std::make_unique<sub_calls>(this, settings_.services->ns);
  call_request call;
  call.target = what.target;
  call.client_id = agent_host::client_id_of(settings_.target);
  call.message_id = origin_of(what.step);
  call.input = what.input;
  call.timeout_ms = what.timeout_ms;
  call.hops = settings_.hops + 1;
  auto number = calls_->start(std::move(call), [this, step = what.step](const run_result& got) {
    on_step(step, got.status, got.output, got.error, got.usage);
  });
  if (auto i = steps_.find(what.step); i != steps_.end()) i->second.sub_call = number;
}

void workflow_run::on_update(const run_update& what) {
  if (calls_ && calls_->owns(what)) return calls_->on(what);
  auto i = steps_.find(what.subscriber);
  if (i == steps_.end()) return;
  if (what.finished) {
    if (i->second.runner) demonitor(i->second.runner);
    i->second.runner = nullptr;
    return on_step(what.subscriber, what.result.status, what.result.output, what.result.error,
                   what.result.usage);
  }
  viewers_.append(what.delta.text);
}

/// A step's own run is kept by this one's journal.
void workflow_run::on_step_run(const run_finished& what) {
  for (auto& who : what.watchers) {
    run_update end;
    end.subscriber = who.subscriber;
    end.finished = true;
    end.result = what.result;
    on_update(end);
  }
}

void workflow_run::on_down(const caf::down_msg& msg) {
  for (auto& [number, x] : steps_)
    if (x.runner && x.runner.address() == msg.source) {
      x.runner = nullptr;
      auto step = number;
      return on_step(step, run_status::failed, "null", crashed("the step", msg.reason)); // may invalidate x
    }
}

void workflow_run::on_step(std::uint64_t step, run_status status, std::string output, refusal error,
                           token_usage usage) {
  if (steps_.count(step) == 0) return; // it was stopped meanwhile
  input(workflow_machine::call_ended{step, {status, std::move(output), std::move(error), usage}});
}

/// Keeps in mind how a step ended, for those who look at a finished run.
void workflow_run::note_end(std::uint64_t number, const workflow_machine::outcome& how, std::int64_t at_ms) {
  auto node = steps_.extract(number);
  if (node.empty()) return;
  auto& x = node.mapped();
  announce("sys.run.step", number, x.what.path, x.what.target, to_string(how.status), how.error);
  if (!journal_) return;
  nlohmann::json line = {{"step", number},
                         {"path", x.what.path},
                         {"target", x.what.target},
                         {"attempt", x.what.attempt},
                         {"status", to_string(how.status)},
                         {"began_ms", x.began_ms},
                         {"ended_ms", at_ms}};
  trail_.push_back(print_json(line));
}

void workflow_run::on_event(const run_event& what) {
  auto& x = *what.what;
  if (over_) return;
  settings_.hops = std::max(settings_.hops, x.hops);
  input(workflow_machine::event_came{x.seq, x.type, x.client_id, x.data});
}

} // namespace weir
