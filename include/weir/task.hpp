#pragma once

// One event or call that an agent handles.

#include "weir/call.hpp"
#include "weir/chat.hpp"
#include "weir/event.hpp"
#include "weir/state.hpp"
#include "weir/tool.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weir {

class agent_host;
struct task_core;

/// One event or call that an agent has in hand. Copies are cheap and stand for the same task: it is done when
/// the last copy is gone and everything emitted has been committed. Keep a copy to go on later. If a handler
/// or continuation throws, its task has failed: a call fails with what was thrown; an event is offered once
/// more and is then a dead letter. The agent goes on with its other tasks.
///
/// Only on the agent's own thread, where handlers and continuations run; nothing here blocks.
class task {
public:
  /// Publishes an event as this agent. Its message id is derived from the event or call in hand and the
  /// number of the emit, so that work repeated after a crash is deduplicated.
  /// @param type a valid subject, not below `sys`; else throws std::invalid_argument.
  /// @param data at most 256 KiB as JSON text; else throws std::length_error, as `call` does for its input.
  void emit(const std::string& type, const nlohmann::json& data) const;

  /// As `emit`, for one client: agents see it, and no other client. @param client_id whose sessions get it.
  void emit_to(const std::string& client_id, const std::string& type, const nlohmann::json& data) const;

  /// Ends a call with an output. The first of `reply` and `fail` counts; for an event both do nothing.
  /// @param output at most 1 MiB as JSON text; else throws std::length_error.
  void reply(const nlohmann::json& output) const;

  /// Ends a call without an output: 500 `failed` with this message.
  void fail(const std::string& message) const;

  /// Asks a model; `then` runs once, later.
  /// @param model a configured model's name; of another one the answer is 503 `unavailable`.
  /// @param timeout_ms of the whole question; 0: the model's own.
  void ask(const std::string& model, std::vector<chat_message> messages,
           std::function<void(const model_answer&)> then, std::int64_t timeout_ms = 0) const;

  /// Asks a model that may call tools: what it calls is run, and it is asked again with the results, until it
  /// answers. `then` gets the text of all rounds, one after the other. The task stays in hand until then.
  /// Bounds: 16 tool calls at once, 64 KiB of arguments and of result for each; above that the model is told.
  ///
  ///   chat_question question;
  ///   question.messages = {{"user", "How deep is the weir?"}};
  ///   question.tools = {gauge};
  ///   job.ask(std::move(question), [job](const model_answer& got) { job.reply(got.text); });
  ///
  /// @throws std::invalid_argument for a tool without a valid and unique name, with neither or both of `run`
  /// and
  ///   `agent`, or whose parameters are not an object.
  void ask(chat_question question, std::function<void(const model_answer&)> then) const;

  /// Calls another agent or a workflow of the namespace, as a client would; `then` runs once, at once if the
  /// call cannot begin. The call's id is derived from what is in hand and the number of the call, so a call
  /// that is repeated after a crash is the same call and gives the same result. More than 64 in flight from
  /// one agent give 429 `namespace_full`.
  /// @param timeout_ms of the whole run; 0: 10 s. Never more than what is left of the call in hand.
  void call(const std::string& target, const nlohmann::json& input,
            std::function<void(const call_result&)> then, std::int64_t timeout_ms = 0) const;

  /// Goes on after a time, keeping the task in hand. @param ms 0 or more.
  /// @throws std::length_error above 1024 of one agent.
  void after(std::int64_t ms, std::function<void()> then) const;

  /// The agent's keys in this namespace.
  agent_state state() const { return agent_state{state_}; }

  /// Reads the newest events of these patterns that came before the one in hand, oldest first; `then` runs
  /// once, later. @param limit how many at most.
  void recall(std::vector<std::string> patterns, std::uint32_t limit,
              std::function<void(const std::vector<event_ptr>&)> then) const;

  /// The namespace that the agent works for.
  const std::string& ns() const;

  /// Whether this is the second try: the first one threw, or its process died.
  bool again() const;

  /// Milliseconds that are left of the call in hand; -1: no end, as for an event.
  std::int64_t left_ms() const;

private:
  friend class agent_host;
  explicit task(std::shared_ptr<task_core> x) : state_(std::move(x)) {}

  std::shared_ptr<task_core> state_;
};

} // namespace weir
