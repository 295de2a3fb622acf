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

#include "actors/agents/tool.hpp"
#include "actors/models/messages.hpp"
#include "actors/namespace/event.hpp"
#include "actors/namespace/messages.hpp"
#include "actors/runs/messages.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weir {

class agent_host;

/// How a model's answer ended.
struct model_answer {
  run_status status = run_status::failed;
  std::string text;
  token_usage usage;
  refusal error; ///< Where the status is not `complete`.
};

/// One event or call in an agent's hands. Copies are cheap and stand for the same thing: it counts as handled
/// when the last copy is gone and everything emitted has been kept. Keep a copy to go on later. If a handler
/// throws, the event is offered once more to the restarted agent, then it is a dead letter.
///
/// May only be used on the agent's own thread, as the handlers and continuations are.
class task {
public:
  /// Publishes an event as this agent. Its message id is derived from what is being handled and the number
  /// of the emit, so that work done again after a crash has its effect once.
  /// @param type a valid subject, not below `sys`; else throws std::invalid_argument.
  void emit(const std::string& type, const nlohmann::json& data);

  /// Ends a call with an output. The first of `reply` and `fail` counts; on an event both do nothing.
  void reply(const nlohmann::json& output);
  void fail(const std::string& message);

  /// Asks a model; `then` runs later, on the agent's own thread. Never blocks.
  /// @param model a configured model's name.
  /// @param timeout_ms of the whole question; 0: the model's own.
  void ask(const std::string& model, std::vector<chat_message> messages,
           std::function<void(const model_answer&)> then, std::int64_t timeout_ms = 0);

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
  /// @throws std::invalid_argument for a tool without a valid name of its own, without either of `run` and
  ///   `agent`, or whose parameters are no object.
  void ask(chat_question what, std::function<void(const model_answer&)> then);

  /// Reads the newest `limit` events of these patterns that came before the one in hand, oldest first.
  void recall(std::vector<std::string> patterns, std::uint32_t limit,
              std::function<void(const std::vector<event_ptr>&)> then);

  /// The namespace that the agent works for.
  const std::string& ns() const;

  /// Whether this is the second try, after a crash.
  bool again() const;

private:
  friend class agent_host;
  struct state;
  explicit task(std::shared_ptr<state> x) : state_(std::move(x)) {}

  std::shared_ptr<state> state_;
};

/// A named actor type that a namespace runs: derive, register, name it in the configuration. The handlers of
/// one agent never run at the same time.
class agent {
public:
  virtual ~agent() = default;

  /// The events that it gets.
  virtual std::vector<std::string> patterns() const { return {}; }

  /// How many events it may have in hand at once; they come in order.
  virtual std::uint32_t concurrency() const { return 1; }

  virtual void on_event(const event&, task) {}

  /// A client's `call`; answered with `reply` or `fail`. Dropping the task unanswered fails the call.
  virtual void on_call(const agent_call&, task job) { job.fail("this agent takes no calls"); }
};

} // namespace weir
