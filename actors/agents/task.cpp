#include "actors/agents/agent.hpp"

#include "actors/agents/task_state.hpp"
#include "actors/core/errors.hpp"
#include "actors/core/json_print.hpp"
#include "actors/core/one_line.hpp"
#include "actors/event/pattern.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace weir {

namespace {

constexpr std::int64_t default_call_timeout_ms = 10'000;
constexpr std::size_t max_failure_bytes = 4096; // of what `fail` is told

/// @returns the JSON text.
std::string bounded(const char* verb, const nlohmann::json& x, std::size_t limit) {
  auto out = print_json(x);
  if (out.size() <= limit) return out;
  auto no = errors::too_large(std::string{verb} + ": " + std::to_string(out.size()) + " bytes are more than "
                              + std::to_string(limit));
  no.depth = out.size();
  no.limit = limit;
  throw task_refused(std::move(no));
}

} // namespace

void task::emit(const std::string& type, const nlohmann::json& data) const { emit_to({}, type, data); }

void task::emit_to(const std::string& client_id, const std::string& type, const nlohmann::json& data) const {
  if (auto wrong = check_type(type); !wrong.empty())
    throw std::invalid_argument("emit: the type " + type + " " + wrong);
  if (is_server_type(type)) throw std::invalid_argument("emit: " + type + " is the server's own");
  if (state_->emitted >= agent_host::max_emits) throw std::length_error("emit: too many for one task");
  auto& host = *state_->host;
  publish_request out;
  out.type = type;
  out.client_id = agent_host::client_id_of(host.settings_.name);
  out.to = client_id;
  out.data = bounded("emit", data, agent_host::max_emit_bytes);
  out.message_id = state_->origin + '.' + std::to_string(state_->emitted++);
  out.hops = state_->hops + 1;
  host.publish(state_, std::move(out), 0);
}

void task::reply(const nlohmann::json& output) const {
  state_->answer({bounded("reply", output, agent_host::max_reply_bytes), {}});
}

void task::fail(const std::string& message) const {
  state_->answer({"null", errors::failed(one_line(message, max_failure_bytes))});
}

void task::ask(const std::string& model, std::vector<chat_message> messages,
               std::function<void(const model_answer&)> then, std::int64_t timeout_ms) const {
  chat_question what;
  what.model = model;
  what.messages = std::move(messages);
  what.timeout_ms = timeout_ms;
  ask(std::move(what), std::move(then));
}

void task::ask(chat_question what, std::function<void(const model_answer&)> then) const {
  state_->host->ask(state_, std::move(what), std::move(then));
}

void task::call(const std::string& target, const nlohmann::json& input,
                std::function<void(const call_result&)> then, std::int64_t timeout_ms) const {
  auto& host = *state_->host;
  if (timeout_ms <= 0) timeout_ms = default_call_timeout_ms;
  if (state_->deadline) timeout_ms = std::min(timeout_ms, left_ms());
  if (timeout_ms <= 0)
    return then({run_status::failed, "null", {code::deadline, "deadline", "the time is over", 0, {}, 0, 0}});
  call_request out;
  out.target = target;
  out.client_id = agent_host::client_id_of(host.settings_.name);
  out.message_id = state_->origin + ".c" + std::to_string(state_->called++);
  out.input = bounded("call", input, agent_host::max_emit_bytes);
  out.hops = state_->hops + 1;
  out.timeout_ms = timeout_ms;
  host.call(state_, std::move(out), std::move(then));
}

void task::after(std::int64_t ms, std::function<void()> then) const {
  state_->host->wait(state_, ms, std::move(then));
}

std::int64_t task::left_ms() const {
  if (!state_->deadline) return -1;
  auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(*state_->deadline - state_->host->clock().now());
  return std::max<std::int64_t>(0, left.count());
}

void task::recall(std::vector<std::string> patterns, std::uint32_t limit,
                  std::function<void(const std::vector<event_ptr>&)> then) const {
  for (auto& x : patterns)
    if (auto wrong = check_pattern(x); !wrong.empty())
      throw std::invalid_argument("recall: " + x + ' ' + wrong);
  log_request what;
  what.patterns = std::move(patterns);
  what.before_seq = state_->seq;
  what.limit = limit;
  auto& host = *state_->host;
  auto job = state_; // keeps the task in hand until it is answered
  host.request(host.settings_.ns, std::chrono::seconds{5}, std::move(what))
      .then(
          [job, then](const log_slice& got) {
            std::vector<event_ptr> events;
            for (auto& x : got.deliveries) events.push_back(x.what);
            job->run([&] { then(events); });
          },
          [job, then](const caf::error&) {
            job->run([&] { then({}); });
          }); // to answer without memory beats not to answer
}

const std::string& task::ns() const { return state_->host->settings_.ns_name; }

bool task::again() const { return state_->attempt > 1; }

} // namespace weir
