#include "actors/runs/run.hpp"

#include "actors/agents/agent_host.hpp"
#include "actors/calls/agent_tool.hpp"
#include "actors/calls/ask_agent.hpp"
#include "actors/core/crash_log.hpp"
#include "actors/core/json_print.hpp"
#include "actors/core/json_text.hpp"
#include "actors/core/utf8.hpp"
#include "actors/runs/kept_result.hpp"

#include <caf/behavior.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace weir {

namespace {

refusal deadline_passed() { return {code::deadline, "deadline", "the run's time is over", 0, {}, 0, 0}; }

} // namespace

std::string input_text(const std::string& input, refusal& error) {
  auto x = parse_json(input);
  if (x.is_object() && x.contains("text")) x = x["text"];
  if (x.is_string()) return x.get<std::string>();
  error = refusal::bad_field("input: a prompt agent takes a string or {\"text\": a string}");
  return {};
}

run::run(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), viewers_(this, settings_.run_id),
    started_(clock().now()) {}

run::~run() = default;

caf::behavior run::make_behavior() {
  log_crashes(*this, "the run " + settings_.run_id);
  auto all = std::exchange(settings_.watchers, {});
  for (auto& who : all) viewers_.add(std::move(who));
  if (settings_.prompt)
    start_prompt();
  else if (settings_.external)
    start_external();
  else
    start_agent();
  return {
      [this](watcher who) { viewers_.add(std::move(who)); },
      [this](const drop_watcher& who) { viewers_.drop(who); },
      [this](const worker_delta& x) { return on_worker(x); },
      [this](const worker_result& x) { return on_worker(x); },
      [this](stop_atom) { cancel(); },
      [this](const call_buried& what) { on_buried(what); },
      [this](const model_piece& x) {
        if (call_) call_->on(x);
      },
      [this](const model_done& x) {
        if (call_) call_->on(x);
      },
      [this](const model_failed& x) {
        if (call_) call_->on(x);
      },
      [this](const run_update& x) {
        if (calls_) calls_->on(x);
      },
  };
}

void run::on_exit() {
  call_.reset();
  calls_.reset();
  settings_.owner = nullptr;
  settings_.ns_actor = nullptr;
  settings_.agent = nullptr;
}

void run::start_agent() {
  auto timeout_ms = left_ms(default_timeout_ms);
  if (timeout_ms <= 0) return finish(run_status::failed, "null", deadline_passed());
  agent_call what{settings_.run_id,  settings_.seq, settings_.client_id,
                  settings_.input,   timeout_ms,    std::to_string(settings_.seq),
                  settings_.attempt, settings_.hops};
  ask_agent(
      this, settings_.agent, std::chrono::milliseconds{timeout_ms}, caf::make_message(std::move(what)),
      [this](agent_reply& got) {
        finish(got.error.refused() ? run_status::failed : run_status::complete, got.output, got.error,
               got.usage);
      },
      [this](const caf::error& why) {
        if (why == caf::sec::request_timeout) return finish(run_status::failed, "null", deadline_passed());
        finish(run_status::failed, "null", agent_lost(settings_.target, why));
      });
}

void run::start_prompt() {
  refusal wrong;
  auto text = input_text(settings_.input, wrong);
  if (wrong.refused()) return finish(run_status::failed, "null", wrong);
  chat_job what;
  what.number = 1;
  what.ns = settings_.ns;
  what.model = settings_.prompt->model;
  if (!settings_.prompt->system.empty()) what.messages.push_back({"system", settings_.prompt->system});
  for (auto& x : settings_.earlier) what.messages.push_back(std::move(x));
  what.messages.push_back({"user", std::move(text)});
  what.timeout_ms = left_ms(model_timeout_ms());
  what.seed = settings_.seq;
  what.options = settings_.prompt->request;
  if (what.timeout_ms <= 0) return finish(run_status::failed, "null", deadline_passed());
  add_tools(what);
  chat_call::callbacks then;
  then.on_delta = [this](std::uint64_t, const std::string& piece) { viewers_.append(piece); };
  then.on_finished = [this](const call_outcome& got) { on_outcome(got); };
  then.on_tool = [this](const tool_request& x) { on_tool(x); };
  call_ = chat_call::make(this, settings_.models, std::move(what), std::move(then));
  call_->start();
}

std::string run::origin() const {
  return settings_.origin.empty() ? std::to_string(settings_.seq) : settings_.origin;
}

// What the tools' calls are called is the same when the run begins anew after a crash.
void run::add_tools(chat_job& to) {
  if (settings_.prompt->tools.empty()) return;
  calls_ = std::make_unique<sub_calls>(this, settings_.ns_actor);
  to.bounds.rounds = settings_.prompt->tool_rounds;
  auto next_id = [origin = origin(), n = std::make_shared<std::uint32_t>(0)] {
    return origin + ".t" + std::to_string(++*n);
  };
  auto client_id = agent_host::client_id_of(settings_.target);
  for (auto& x : settings_.prompt->tools)
    to.tools.push_back(make_chat_tool(*calls_, {{x.name, x.description, x.parameters},
                                                x.agent,
                                                x.timeout_ms,
                                                client_id,
                                                next_id,
                                                settings_.hops + 1}));
}

void run::on_tool(const tool_request& what) {
  nlohmann::json data = {{"run_id", settings_.run_id}, {"tool", what.what.name}, {"round", what.round}};
  send(settings_.ns_actor, server_event{"sys.run.tool", print_json(data), true});
}

void run::on_outcome(const call_outcome& got) {
  run_result out;
  out.status = got.status;
  if (got.status != run_status::failed) out.output = print_json(nlohmann::json{{"text", got.text}});
  out.usage = got.usage;
  out.parts = got.parts;
  out.attempts = got.attempts;
  out.queued_ms = got.queued_ms;
  out.first_piece_ms = got.first_piece_ms;
  out.error = got.error;
  out.finish = got.finish;
  out.refusal_text = got.refusal_text;
  finish(std::move(out));
}

std::int64_t run::model_timeout_ms() const {
  auto i = settings_.models->find(settings_.prompt->model);
  return i == settings_.models->end() ? default_timeout_ms : i->second.config.timeout_ms;
}

std::int64_t run::left_ms(std::int64_t usual_ms) const {
  return (settings_.timeout_ms > 0 ? settings_.timeout_ms : usual_ms) - settings_.waited_ms;
}

void run::cancel() {
  if (call_) return call_->cancel(); // ends in its outcome
  if (settings_.external)
    return finish(partial_result(run_status::cancelled,
                                 {code::cancelled, "cancelled", "cancelled by a client", 0, {}, 0, 0}));
  if (settings_.agent) send(settings_.agent, stop_atom_v, std::to_string(settings_.seq));
  finish(run_status::cancelled, "null", {code::cancelled, "cancelled", "cancelled by a client", 0, {}, 0, 0});
}

void run::finish(run_status status, std::string output, refusal error, token_usage usage) {
  run_result out;
  out.usage = usage;
  out.status = status;
  out.output = std::move(output);
  out.error = std::move(error);
  out.attempts = 1;
  finish(std::move(out));
}

void run::finish(run_result result) {
  if (std::exchange(finished_, true)) return;
  result.run_id = settings_.run_id;
  result.elapsed_ms = elapsed_ms();
  set_streamed(result, viewers_.text());
  send(settings_.owner, run_finished{settings_.seq, std::move(result), viewers_.take_all()});
  quit();
}

std::int64_t run::elapsed_ms() const {
  auto ran = std::chrono::duration_cast<std::chrono::milliseconds>(clock().now() - started_);
  return settings_.waited_ms + ran.count();
}

} // namespace weir
