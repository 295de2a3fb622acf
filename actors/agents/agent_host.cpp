#include "actors/agents/agent_host.hpp"

#include "actors/agents/task_state.hpp"
#include "actors/calls/chat_call.hpp"
#include "actors/calls/sub_calls.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/sec.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/metric_registry.hpp>

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

caf::behavior agent_host::make_behavior() {
  begin();
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
  state_.emplace(this,
                 state_keeper::config{settings_.ns_name, settings_.name, std::move(settings_.store),
                                      settings_.keep, std::move(settings_.memory), settings_.wall_clock_ms});
  timers_.emplace(
      this, [this](std::uint64_t number) { return make_timer_job(number); },
      [](const std::shared_ptr<task_core>& job, const std::function<void(task)>& what) {
        job->run([&] { what(task{job}); });
      },
      [this] { count_skipped_timer(); });
  agent_ = settings_.make();
  agent_->context_.reset(new agent_context{this});
  agent_->on_start();
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
  job->run([&] { agent_->on_event(*what.what, task{job}); });
}

caf::result<agent_reply> agent_host::on_call(const agent_call& what) {
  auto job = std::make_shared<task_core>(this, alive_, what.seq, 1);
  job->is_call = true;
  if (!what.origin.empty()) job->origin = what.origin;
  if (what.timeout_ms > 0) job->deadline = clock().now() + std::chrono::milliseconds{what.timeout_ms};
  job->promise = make_response_promise();
  in_hand_[job->origin] = job;
  job->run([&] { agent_->on_call(what, task{job}); });
  return caf::delegated<agent_reply>{};
}

void agent_host::settle(std::uint64_t seq) { send(settings_.ns, settlement{"agent." + settings_.name, seq}); }

void agent_host::publish(std::shared_ptr<task_core> job, publish_request what, std::uint32_t attempt) {
  auto again = [this, job, what, attempt](const std::string& why) {
    if (attempt >= max_publish_attempts) {
      job->abandoned = true;
      quit(caf::make_error(caf::sec::runtime_error, "cannot publish " + what.type + ": " + why));
      return;
    }
    // Sent again under the same id, so it does not matter whether the first one arrived.
    run_delayed(std::chrono::milliseconds{100U << attempt},
                [this, job, what, attempt] { publish(job, what, attempt + 1); });
  };
  request(settings_.ns, publish_timeout, what)
      .then(
          [this, job, what, attempt, again](const answer& got) {
            if (got.no.status == code::unavailable) {
              // Nothing is wrong with the event while the store is away: it waits for as long as that takes.
              auto next = std::min(attempt + 1, max_publish_attempts - 1);
              run_delayed(std::chrono::milliseconds{100U << attempt},
                          [this, job, what, next] { publish(job, what, next); });
            } else if (got.no.refused() && got.no.retry_after_ms > 0) {
              again(got.no.message);
            }
          },
          [again](const caf::error& why) { again(to_string(why)); });
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
  chat.tools = tools_for(job, std::move(what.tools));
  chat_call::callbacks calls;
  calls.on_finished = [this, job, number, then](const call_outcome& got) {
    model_answer out{got.status, got.text, got.usage, got.error};
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
  auto job = i == in_hand_.end() ? nullptr : i->second.lock();
  if (!job) return;
  for (auto number : std::exchange(job->sub_calls, {})) calls_->cancel(number);
  for (auto number : std::exchange(job->asks, {}))
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
std::shared_ptr<task_core> agent_host::make_timer_job(std::uint64_t number) {
  auto job = std::make_shared<task_core>(this, alive_, 0, 1);
  job->origin = 't' + std::to_string(settings_.wall_clock_ms()) + '-' + std::to_string(number);
  return job;
}

void agent_host::count_skipped_timer() {
  system()
      .metrics()
      .counter_instance(
          "weir", "agents-timer-skipped", {{"agent", settings_.name}, {"namespace", settings_.ns_name}},
          "Turns of agents' timers left out because the one before was still in hand.", "1", true)
      ->inc();
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
  if (settings.may_detach && *made && (*made)->blocking())
    return sys.spawn<agent_host, caf::detached>(std::move(settings));
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
