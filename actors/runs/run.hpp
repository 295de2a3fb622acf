#pragma once

#include "actors/agents/config.hpp"
#include "actors/models/pool.hpp"
#include "actors/runs/messages.hpp"

#include <caf/event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir {

class chat_call;
class sub_calls;
struct call_outcome;
struct chat_job;
struct tool_request;

/// One invocation of an agent: owns the text, the deadline and those who wait for the result. A prompt agent
/// is a model's answer, which it takes itself; any other agent is asked by message.
///
/// Messages: `watcher` adds one who waits, `stop_atom` cancels.
class run : public caf::event_based_actor {
public:
  static constexpr std::int64_t default_timeout_ms = 10'000;

  struct config {
    std::string run_id;
    std::string ns;
    std::uint64_t seq = 0;
    std::string client_id;
    std::string input;                   ///< JSON text.
    std::int64_t timeout_ms = 0;         ///< 0: the model's, or the default.
    std::int64_t waited_ms = 0;          ///< Since the call was accepted.
    std::optional<prompt_config> prompt; ///< Of a prompt agent …
    caf::actor agent;                    ///< … or the door of another one.
    std::shared_ptr<const model_directory> models;
    std::vector<watcher> watchers;
    caf::actor owner;       ///< Gets `run_finished`.
    std::string agent_name; ///< Of a prompt agent, for what it calls …
    caf::actor ns_actor;    ///< … through the namespace.
  };

  run(caf::actor_config& cfg, config settings);
  ~run() override;

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void start_agent();
  void start_prompt();
  void add_tools(chat_job& to);
  void on_tool(const tool_request& what);
  void on_watcher(watcher who);
  void on_outcome(const call_outcome& got);
  void on_delta(std::uint64_t at, const std::string& text);
  void cancel();
  void finish(run_status status, std::string output, refusal error);
  void finish(run_result result);
  void tell(const watcher& who, const run_result& result);
  void tell(const watcher& who, std::uint64_t at, const std::string& text);
  std::int64_t elapsed_ms() const;
  std::int64_t model_timeout_ms() const;
  /// What is left of the run's time, given what a call without a time-out of its own gets.
  std::int64_t left_ms(std::int64_t usual_ms) const;

  config settings_;
  std::chrono::steady_clock::time_point started_;
  std::unique_ptr<sub_calls> calls_; // of the model's tools; outlives the chat
  std::shared_ptr<chat_call> call_;
  std::string text_; // what has been streamed so far
  bool finished_ = false;
};

/// What a caller's input says to a model: a string, or the `text` of an object. Else a refusal in `error`.
std::string input_text(const std::string& input, refusal& error);

} // namespace weir
