#pragma once

#include "actors/agents/config.hpp"
#include "actors/messages/namespace.hpp"
#include "actors/messages/runs.hpp"
#include "actors/models/pool.hpp"
#include "actors/runs/run_viewers.hpp"

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
/// is a model's answer, which it takes itself; an external agent's comes in pieces from a client; any other
/// agent is asked by message.
///
/// Messages: `watcher` adds one who waits, `drop_watcher` takes it back, `stop_atom` cancels.
class run : public caf::event_based_actor {
public:
  static constexpr std::int64_t default_timeout_ms = 10'000;

  /// So much text an external agent may stream; above it `413 too_large`.
  static constexpr std::size_t max_external_bytes = 1024 * 1024;

  struct config {
    std::string run_id;
    std::string ns;
    std::uint64_t seq = 0;
    std::string client_id;
    std::string input;                         ///< JSON text.
    std::int64_t timeout_ms = 0;               ///< 0: the model's, or the default.
    std::int64_t waited_ms = 0;                ///< Since the call was accepted.
    std::optional<prompt_config> prompt;       ///< Of a prompt agent …
    caf::actor agent;                          ///< … or the door of another one …
    std::optional<external_config> external{}; ///< … or what is known of one that is a client.
    std::string target{};                      ///< The agent's name.
    std::vector<chat_message> earlier{};       ///< What a prompt agent is reminded of.
    std::shared_ptr<const model_directory> models;
    std::vector<watcher> watchers;
    caf::actor owner;          ///< Gets `run_finished`.
    caf::actor ns_actor;       ///< For what a prompt agent's tools call …
    std::uint32_t attempt = 1; ///< 2: the process died while an agent had it in hand.
    std::uint32_t hops = 0;    ///< Of the call's event.
    std::string origin{};      ///< … and what the ids of that begin with; empty: the seq.
  };

  run(caf::actor_config& cfg, config settings);
  ~run() override;

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void start_agent();
  void start_prompt();
  void start_external();
  answer on_worker(const worker_delta& what);
  answer on_worker(const worker_result& what);
  void on_external_deadline();
  void on_buried(const call_buried& what);
  void add_tools(chat_job& to);
  std::string origin() const;
  void on_tool(const tool_request& what);
  void on_outcome(const call_outcome& got);
  run_result partial_result(run_status status, refusal error) const;
  void cancel();
  void finish(run_status status, std::string output, refusal error, token_usage usage = {});
  void finish(run_result result);
  std::int64_t elapsed_ms() const;
  std::int64_t model_timeout_ms() const;
  /// What is left of the run's time, given what a call without a time-out of its own gets.
  std::int64_t left_ms(std::int64_t usual_ms) const;

  config settings_;
  run_viewers viewers_;
  std::chrono::steady_clock::time_point started_;
  std::unique_ptr<sub_calls> calls_; // of the model's tools; outlives the chat
  std::shared_ptr<chat_call> call_;
  std::int64_t first_piece_ms_ = -1; // of an external agent
  bool finished_ = false;
};

/// What a caller's input says to a model: a string, or the `text` of an object. Else a refusal in `error`.
std::string input_text(const std::string& input, refusal& error);

} // namespace weir
