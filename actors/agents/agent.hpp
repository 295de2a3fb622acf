#pragma once

// What an author of agents reads: an agent is a class with two handlers, a task is what it has in hand.
//
//   class shout : public weir::agent {
//     std::vector<std::string> patterns() const override { return {"shout.*"}; }
//     void on_event(const weir::event& what, weir::task job) override {
//       job.emit("loud", {{"text", upper(what.data)}});
//     }
//   };
//   registry.add<shout>("shout");
//
// Installed as <weir/agent.hpp>. What an agent keeps is in state.hpp; what it offers its model in tool.hpp;
// timers, its log and its metrics are in context.hpp; the ways into a node are registry.hpp (linked) and
// plugin.hpp (a shared object).

#include "actors/agents/context.hpp"
#include "actors/agents/refused.hpp"
#include "actors/agents/state.hpp"
#include "actors/agents/tool.hpp"
#include "actors/core/refusal.hpp"
#include "actors/event/event.hpp"
#include "actors/event/results.hpp"
#include "actors/messages/chat.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weir {

/// How a model's answer ended.
struct model_answer {
  run_status status = run_status::failed;
  std::string text;
  token_usage usage;
  refusal error;                              ///< Where the status is not `complete`.
  finish_reason finish = finish_reason::none; ///< `length`, `content_filter`: the text is not all of it.
  std::string refusal_text = {};              ///< Why the model would not answer, in its words.
};

/// How a call of another agent or workflow ended.
struct call_result {
  run_status status = run_status::failed;
  std::string output = "null"; ///< JSON text.
  refusal error;               ///< Where the status is not `complete`.

  bool ok() const noexcept { return status == run_status::complete; }
};

/// One event or call in an agent's hands. Copies are cheap and stand for the same thing: it counts as handled
/// when the last copy is gone and everything emitted has been kept. Keep a copy to go on later. If a handler
/// or continuation throws, its task has failed: a call fails with what was thrown, an event is offered once
/// more and then is a dead letter. The agent goes on with its other tasks.
///
/// May only be used on the agent's own thread, as the handlers and continuations are.
class task {
public:
  /// Publishes an event as this agent. Its message id is derived from what is being handled and the number
  /// of the emit, so that work done again after a crash has its effect once.
  /// @param type a valid subject, not below `sys`; else throws std::invalid_argument.
  /// @param data 256 KiB at most; else throws `task_refused` (413), as `call` does for its input.
  void emit(const std::string& type, const nlohmann::json& data) const;

  /// The same for one client: nobody else sees it, but agents. @param client_id whose sessions get it.
  void emit_to(const std::string& client_id, const std::string& type, const nlohmann::json& data) const;

  /// Ends a call with an output. The first of `reply` and `fail` counts; on an event both do nothing. An
  /// output of more than 1 MiB throws `task_refused` (413).
  void reply(const nlohmann::json& output) const;
  void fail(const std::string& message) const;

  /// Asks a model; `then` runs later, on the agent's own thread. Never blocks.
  /// @param model a configured model's name.
  /// @param timeout_ms of the whole question; 0: the model's own.
  void ask(const std::string& model, std::vector<chat_message> messages,
           std::function<void(const model_answer&)> then, std::int64_t timeout_ms = 0) const;

  /// The same with tools: what the model calls is run, and it is asked again with the results, until it
  /// answers. `then` gets the text of all rounds, one after the other. An event or call stays in hand until
  /// then. Bounded: 16 calls at once, 64 KiB for a call's arguments and for its result; what is above that,
  /// the model is told.
  ///
  ///   chat_question what;
  ///   what.messages = {{"user", "How deep is the weir?"}};
  ///   what.tools = {gauge};
  ///   job.ask(std::move(what), [job](const model_answer& got) mutable { job.reply(got.text); });
  ///
  /// @throws std::invalid_argument for a tool without a valid name of its own, with neither or both of `run`
  ///   and `agent`, or whose parameters are no object.
  void ask(chat_question what, std::function<void(const model_answer&)> then) const;

  /// Calls another agent or a workflow of the namespace, as a client would; `then` runs once, on the agent's
  /// own thread, at once where the call cannot even begin. The call's id is derived from what is being
  /// handled and the number of the call: made again after a crash it is the same call and gives the same
  /// result. More than 64 in flight from one agent: `429 namespace_full`.
  /// @param timeout_ms of the whole run; 0: 10 s. Never more than what is left of the call in hand.
  void call(const std::string& target, const nlohmann::json& input,
            std::function<void(const call_result&)> then, std::int64_t timeout_ms = 0) const;

  /// Goes on after `ms`, keeping the task in hand. More than 1024 in hand of one agent: std::length_error.
  void after(std::int64_t ms, std::function<void()> then) const;

  /// What the agent keeps in this namespace.
  agent_state state() const { return agent_state{state_}; }

  /// Reads the newest `limit` events of these patterns that came before the one in hand, oldest first.
  void recall(std::vector<std::string> patterns, std::uint32_t limit,
              std::function<void(const std::vector<event_ptr>&)> then) const;

  /// The namespace that the agent works for.
  const std::string& ns() const;

  /// Whether this is the second try, after one that threw or that the process did not outlive.
  bool again() const;

  /// What is left of the time of the call in hand, in milliseconds; -1: it has no end, as for an event.
  std::int64_t left_ms() const;

private:
  friend class agent_host;
  explicit task(std::shared_ptr<task_core> x) : state_(std::move(x)) {}

  std::shared_ptr<task_core> state_;
};

/// A named actor type that a namespace runs: derive, register, name it in the configuration. The handlers of
/// one agent never run at the same time.
class agent {
public:
  virtual ~agent();

  /// The events that it gets.
  virtual std::vector<std::string> patterns() const;

  /// How many events it may have in hand at once; they come in order.
  virtual std::uint32_t concurrency() const;

  /// Whether a handler may wait for something: a file, a lock, a slow library. Then the agent runs on one of
  /// `node.blocking_threads`, which it shares with others that wait; else on one that it shares with
  /// everything and it must never wait. Its constructor runs on the latter.
  virtual bool blocking() const;

  /// Before the first event and call; the place to set timers.
  virtual void on_start();

  virtual void on_event(const event&, task);

  /// A `call`; answered with `reply` or `fail`. Dropping the task unanswered fails the call.
  virtual void on_call(const agent_call&, task job);

protected:
  /// From `on_start` on; before, in the constructor, throws std::logic_error.
  agent_context& context() const;
  const agent_log& log() const { return context().log(); }
  agent_metrics& metrics() const { return context().metrics(); }

private:
  friend class agent_host;
  friend class testing::agent_test;
  std::unique_ptr<agent_context> context_;
};

} // namespace weir
