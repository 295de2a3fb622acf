#include "actors/agents/agent_host.hpp"

#include "actors/agents/task_state.hpp"
#include "actors/calls/chat_call.hpp"
#include "actors/calls/sub_calls.hpp"
#include "actors/core/crash_log.hpp"
#include "actors/core/errors.hpp"
#include "actors/core/json_print.hpp"
#include "actors/core/one_line.hpp"
#include "actors/event/pattern.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/sec.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/metric_registry.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>

namespace weir {

namespace {

constexpr auto publish_timeout = std::chrono::seconds{5};
constexpr std::uint32_t max_publish_attempts = 5;

} // namespace

agent_host::agent_host(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), alive_(std::make_shared<bool>(true)) {}

agent_host::~agent_host() = default;

bool agent_host::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* unit) {
  return caf::event_based_actor::enqueue(std::move(what), settings_.blocking ? settings_.blocking : unit);
}

void agent_host::launch(caf::execution_unit* unit, bool lazy, bool hide) {
  caf::event_based_actor::launch(settings_.blocking ? settings_.blocking : unit, lazy, hide);
}

/// Tells a unit of threads of its own from CAF's scheduler.
caf::resumable::subtype_t agent_host::subtype() const {
  return settings_.blocking ? caf::resumable::io_actor : caf::event_based_actor::subtype();
}

caf::behavior agent_host::make_behavior() {
  log_crashes(*this, "namespace " + settings_.ns_name + ": the actor of agent " + settings_.name);
  try {
    begin();
  } catch (const std::exception& error) {
    leave();
    quit(caf::make_error(caf::sec::runtime_error, one_line(error.what())));
    return {};
  } catch (...) {
    leave();
    quit(caf::make_error(caf::sec::runtime_error, "what was thrown is no std::exception"));
    return {};
  }
  if (settings_.on_note) settings_.on_note({settings_.name, agent_state_kind::ready, {}, 0});
  send(settings_.ns,
       subscribe_durably{"agent." + settings_.name, agent_->patterns(), agent_->concurrency(), this});
  return {
      [this](const offered_event& what) { on_event(what); },
      [this](const agent_call& what) { return on_call(what); },
      [this](stop_atom, const std::string& origin) { stop(origin); },
      [this](const model_piece& what) { on_model(what); },
      [this](const model_done& what) { on_model(what); },
      [this](const model_failed& what) { on_model(what); },
      [this](const run_update& what) { calls_->on(what); },
      [this](const store_committed& what) { state_->on(what); },
      [this](store_answer& what) { state_->on(what); },
  };
}

void agent_host::begin() {
  calls_.emplace(this, settings_.ns);
  state_.emplace(this, state_keeper::config{settings_.ns_name, settings_.name, std::move(settings_.store),
                                            settings_.keep, std::move(settings_.memory),
                                            settings_.expiry_clock_ms});
  timers_.emplace(
      this, [this](std::uint64_t number, std::uint32_t hops) { return make_timer_job(number, hops); },
      [](const std::shared_ptr<task_core>& job, const std::function<void(task)>& what) {
        job->run(handler_kind::timer, [&] { what(task{job}); });
      },
      [this] { count_skipped_timer(); });
  watched_ = std::make_shared<watched_agent>(settings_.ns_name, settings_.name);
  if (settings_.watch) settings_.watch->add(watched_);
  watched_->mark.enter(handler_kind::on_start, {}, clock().now());
  agent_ = settings_.make();
  agent_->context_.reset(new agent_context{this});
  check_patterns();
  agent_->on_start();
  leave();
}

/// A pattern that is none would match nothing, for ever and in silence.
void agent_host::check_patterns() const {
  for (auto& x : agent_->patterns())
    if (auto wrong = check_pattern(x); !wrong.empty())
      throw std::invalid_argument("patterns: " + one_line(x, 256) + ' ' + wrong);
}

// -- handlers

void agent_host::enter(handler_kind what, const task_core& job) {
  hops_now_ = job.hops;
  watched_->mark.enter(what, job.event_id, clock().now());
}

void agent_host::leave() {
  hops_now_ = 0;
  if (watched_) watched_->mark.leave();
}

refusal agent_host::thrown(const char* what) { return errors::failed(what); }

/// A handler of this task threw: the task pays for it, not the agent.
void agent_host::fail(task_core& job, handler_kind where, refusal why) {
  job.abandoned = true;
  cancel_work(job);
  report(job, where, why);
  auto error = std::string{to_string(where)} + ": " + one_line(why.message);
  if (job.is_call) {
    why.message = "agent " + settings_.name + ": " + error + " (" + job.event_id + ')';
    job.answer({"null", std::move(why)});
    forget(job.origin);
  } else if (job.seq > 0) {
    send(settings_.ns, task_failed{"agent." + settings_.name, job.seq, std::move(error), false});
  }
}

void agent_host::report(const task_core& job, handler_kind where, const refusal& why) {
  count("agents-crashes", "Handlers of agents that threw.");
  if (!reports_.take(clock().now())) return;
  auto left_out = reports_.take_left_out();
  auto error = one_line(why.message);
  auto text = std::string{to_string(where)} + " failed: " + error;
  if (!job.event_id.empty()) text += "; it handled " + job.event_id;
  if (left_out > 0) text += " (" + std::to_string(left_out) + " more have not been told of)";
  agent_log{settings_.ns_name, settings_.name}.error(text);
  nlohmann::json data = {{"agent", settings_.name}, {"handler", to_string(where)}};
  if (!job.event_id.empty()) data["event_id"] = job.event_id;
  if (!job.is_private) data["error"] = error; // it may say what the event does
  if (left_out > 0) data["left_out"] = left_out;
  send(settings_.ns, server_event{"sys.agent.crashed", print_json(data), false, job.hops + 1});
}

void agent_host::count(const std::string& name, const std::string& help, const std::string& reason) {
  std::vector<caf::telemetry::label_view> labels{{"agent", settings_.name}, {"namespace", settings_.ns_name}};
  if (!reason.empty()) labels.emplace_back("reason", reason);
  system().metrics().counter_instance("weir", name, labels, help, "1", true)->inc();
}

void agent_host::on_exit() {
  *alive_ = false;
  asks_.clear();
  calls_.reset();
  timers_.reset();
  state_.reset();
  agent_.reset();
  settings_.ns = nullptr;
}

void agent_host::on_event(const offered_event& what) {
  auto job = std::make_shared<task_core>(this, alive_, what.what->seq, what.attempt);
  job->event_id = what.what->event_id();
  job->hops = what.what->hops;
  job->is_private = !what.what->to.empty();
  job->run(handler_kind::on_event, [&] { agent_->on_event(*what.what, task{job}); });
}

caf::result<agent_reply> agent_host::on_call(const agent_call& what) {
  auto job = std::make_shared<task_core>(this, alive_, what.seq, what.attempt);
  job->event_id = what.run_id;
  job->hops = what.hops;
  job->is_call = true;
  if (!what.origin.empty()) job->origin = what.origin;
  if (what.timeout_ms > 0) job->deadline = clock().now() + std::chrono::milliseconds{what.timeout_ms};
  job->promise = make_response_promise();
  in_hand_[job->origin] = job;
  job->run(handler_kind::on_call, [&] { agent_->on_call(what, task{job}); });
  return caf::delegated<agent_reply>{};
}

void agent_host::settle(std::uint64_t seq) { send(settings_.ns, settlement{"agent." + settings_.name, seq}); }

void agent_host::publish(std::shared_ptr<task_core> job, publish_request what, std::uint32_t attempt) {
  // Sent again under the same id, so it does not matter whether the first one arrived.
  auto again = [this, job, what, attempt](std::uint32_t next) {
    run_delayed(std::chrono::milliseconds{100U << attempt},
                [this, job, what, next] { publish(job, what, next); });
  };
  auto failed = [this, job, what, attempt, again](const refusal& why) {
    if (attempt < max_publish_attempts) return again(attempt + 1);
    if (job->abandoned) return;
    fail(*job, handler_kind::continuation,
         errors::unavailable("emit: cannot publish " + what.type + ": " + why.message));
  };
  request(settings_.ns, publish_timeout, what)
      .then(
          [this, job, what, attempt, again, failed](const answer& got) {
            if (!got.no.refused()) return;
            // Nothing is wrong with the event while the store is away: it waits for as long as that takes.
            if (got.no.status == code::unavailable)
              return again(std::min(attempt + 1, max_publish_attempts - 1));
            if (got.no.retry_after_ms > 0) return failed(got.no);
            on_lost_emit(*job, what, got.no);
          },
          [failed](const caf::error& why) { failed(thrown(to_string(why).c_str())); });
}

/// The namespace does not want it, now or later: a conflict says that the first try of the same work emitted
/// something else at this place.
void agent_host::on_lost_emit(const task_core& job, const publish_request& what, const refusal& why) {
  count("agents-emits-lost", "Events of agents that their namespace refused, by reason.", why.reason);
  if (!lost_emits_.take(clock().now())) return;
  auto text = "emit: " + what.type + " as " + what.message_id + " is lost: " + one_line(why.message);
  if (!job.event_id.empty()) text += "; it was emitted for " + job.event_id;
  if (job.attempt > 1) text += ", which is tried for the second time";
  if (auto left_out = lost_emits_.take_left_out(); left_out > 0)
    text += " (" + std::to_string(left_out) + " more have not been told of)";
  agent_log{settings_.ns_name, settings_.name}.warn(text);
}

void agent_host::ask(std::shared_ptr<task_core> job, chat_question what,
                     std::function<void(const model_answer&)> then) {
  if (asks_.size() >= max_asks) {
    auto full = refusal{code::too_many,
                        "model_queue_full",
                        "the agent has too many questions in flight",
                        1000,
                        "model",
                        asks_.size(),
                        max_asks};
    return then({run_status::failed, {}, {}, full});
  }
  auto number = next_ask_++;
  chat_job chat{number, settings_.ns_name, what.model, std::move(what.messages), what.timeout_ms, job->seq};
  chat.bounds.rounds = what.tool_rounds;
  chat.options = std::move(what.options);
  chat.tools = tools_for(job, std::move(what.tools));
  chat_call::callbacks calls;
  calls.on_finished = [this, job, number, then](const call_outcome& got) {
    model_answer out{got.status, got.text, got.usage, got.error, got.finish, got.refusal_text};
    job->usage.input_tokens += got.usage.input_tokens;
    job->usage.output_tokens += got.usage.output_tokens;
    auto keep = asks_.extract(number); // lives until this returns
    job->asks.erase(number);
    job->run([&] { then(out); });
  };
  auto call = chat_call::make(this, settings_.models, std::move(chat), std::move(calls));
  asks_.emplace(number, call);
  job->asks.insert(number);
  call->start();
}

/// Nobody waits for a call's answer any more: what was asked for it is cancelled, down to the model's socket.
/// The agent sees that, and ends the task as it likes.
void agent_host::stop(const std::string& origin) {
  auto i = in_hand_.find(origin);
  if (auto job = i == in_hand_.end() ? nullptr : i->second.lock()) cancel_work(*job);
}

void agent_host::cancel_work(task_core& job) {
  for (auto number : std::exchange(job.sub_calls, {})) calls_->cancel(number);
  for (auto number : std::exchange(job.asks, {}))
    if (auto found = asks_.find(number); found != asks_.end()) {
      auto call = found->second; // it takes itself out of the map
      call->cancel();
    }
}

void agent_host::call(std::shared_ptr<task_core> job, call_request what,
                      std::function<void(const call_result&)> then) {
  auto number = std::make_shared<std::uint64_t>(0); // known once it has started
  *number = calls_->start(std::move(what), [job, number, then](const run_result& got) {
    job->sub_calls.erase(*number);
    job->run([&] { then({got.status, got.output, got.error}); });
  });
  if (*number != 0) job->sub_calls.insert(*number);
}

void agent_host::wait(std::shared_ptr<task_core> job, std::int64_t ms, std::function<void()> then) {
  if (ms < 0) throw std::invalid_argument("after: " + std::to_string(ms) + " ms");
  if (waits_ >= max_waits) throw std::length_error("after: too many tasks wait");
  ++waits_;
  run_delayed(std::chrono::milliseconds{ms}, [this, job, then] {
    if (!*job->alive) return;
    --waits_;
    job->run(then);
  });
}

/// What a timer's task emits is numbered from when it was due: there is no event that it could come from.
std::shared_ptr<task_core> agent_host::make_timer_job(std::uint64_t number, std::uint32_t hops) {
  auto job = std::make_shared<task_core>(this, alive_, 0, 1);
  job->hops = hops;
  job->origin = 't' + std::to_string(settings_.expiry_clock_ms()) + '-' + std::to_string(number);
  return job;
}

void agent_host::count_skipped_timer() {
  count("agents-timer-skipped", "Turns of agents' timers left out because the one before was still in hand.");
}

/// The agent is made first, as where it runs is its to say. What its constructor throws is thrown again where
/// it counts as a crash of the agent.
caf::actor agent_host::start(caf::actor_system& sys, config settings) {
  auto made = std::make_shared<std::unique_ptr<agent>>();
  std::exception_ptr failure;
  try {
    *made = settings.make();
  } catch (...) {
    failure = std::current_exception();
  }
  settings.make = [made, failure] {
    if (failure) std::rethrow_exception(failure);
    return std::move(*made);
  };
  if (!*made || !(*made)->blocking()) settings.blocking = nullptr;
  return sys.spawn<agent_host>(std::move(settings));
}

template <class Message>
void agent_host::on_model(const Message& what) {
  if (auto i = asks_.find(chat_call::call_of(what.id)); i != asks_.end()) {
    auto call = i->second; // it may end here, and take itself out of the map
    call->on(what);
  }
}

} // namespace weir
