#include "actors/agents/agent_host.hpp"

#include "actors/agents/task_state.hpp"
#include "actors/runs/chat_call.hpp"
#include "actors/runs/sub_calls.hpp"

#include <caf/behavior.hpp>
#include <caf/sec.hpp>

#include <chrono>

namespace weir {

namespace {

constexpr auto publish_timeout = std::chrono::seconds{5};
constexpr std::uint32_t max_publish_attempts = 5;

} // namespace

agent_host::agent_host(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), alive_(std::make_shared<bool>(true)),
    calls_(std::make_unique<sub_calls>(this, settings_.ns)) {}

agent_host::~agent_host() = default;

caf::behavior agent_host::make_behavior() {
  agent_ = settings_.make();
  send(settings_.ns,
       subscribe_durably{"agent." + settings_.name, agent_->patterns(), agent_->concurrency(), this});
  return {
      [this](const offered_event& what) { on_event(what); },
      [this](const agent_call& what) { return on_call(what); },
      [this](const model_piece& what) { on_model(what); },
      [this](const model_done& what) { on_model(what); },
      [this](const model_failed& what) { on_model(what); },
      [this](const run_update& what) { calls_->on(what); },
  };
}

void agent_host::on_exit() {
  *alive_ = false;
  asks_.clear();
  calls_.reset();
  agent_.reset();
  settings_.ns = nullptr;
}

void agent_host::on_event(const offered_event& what) {
  auto job = std::make_shared<task::state>(this, alive_, what.what->seq, what.attempt);
  job->run([&] { agent_->on_event(*what.what, task{job}); });
}

caf::result<agent_reply> agent_host::on_call(const agent_call& what) {
  auto job = std::make_shared<task::state>(this, alive_, what.seq, 1);
  job->is_call = true;
  if (!what.origin.empty()) job->origin = what.origin;
  job->promise = make_response_promise();
  job->run([&] { agent_->on_call(what, task{job}); });
  return caf::delegated<agent_reply>{};
}

void agent_host::settle(std::uint64_t seq) { send(settings_.ns, settlement{"agent." + settings_.name, seq}); }

void agent_host::publish(std::shared_ptr<task::state> job, publish_request what, std::uint32_t attempt) {
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
          [job, again](const answer& got) {
            if (got.no.refused() && got.no.retry_after_ms > 0) again(got.no.message);
          },
          [again](const caf::error& why) { again(to_string(why)); });
}

void agent_host::ask(std::shared_ptr<task::state> job, chat_question what,
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
    job->run([&] { then(out); });
  };
  auto call = chat_call::make(this, settings_.models, std::move(chat), std::move(calls));
  asks_.emplace(number, call);
  call->start();
}

template <class Message>
void agent_host::on_model(const Message& what) {
  if (auto i = asks_.find(chat_call::call_of(what.id)); i != asks_.end()) {
    auto call = i->second; // it may end here, and take itself out of the map
    call->on(what);
  }
}

} // namespace weir
