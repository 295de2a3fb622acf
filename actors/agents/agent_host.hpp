#pragma once

#include "actors/agents/agent.hpp"
#include "actors/models/pool.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace weir {

class chat_call;
class sub_calls;
struct chat_tool;

/// The actor around one agent: gets its events from the namespace, its calls from runs, and does for it what
/// its tasks ask. An exception in a handler ends it, and its supervisor makes a new one.
class agent_host : public caf::event_based_actor {
public:
  struct config {
    std::string name;
    std::string ns_name;
    caf::actor ns;
    std::shared_ptr<const model_directory> models;
    std::function<std::unique_ptr<agent>()> make;
  };

  /// What one task may emit; one more throws std::length_error, which is a crash of its handler.
  static constexpr std::uint32_t max_emits = 1000;

  /// Questions to models in flight; the next is answered with `429 model_queue_full`.
  static constexpr std::size_t max_asks = 256;

  agent_host(caf::actor_config& cfg, config settings);
  ~agent_host() override;

  caf::behavior make_behavior() override;
  void on_exit() override;

  /// The client_id that an agent's events carry. Clients cannot take it: the prefix is the server's.
  static std::string client_id_of(const std::string& agent) { return "agent:" + agent; }

private:
  friend class task;

  void on_event(const offered_event& what);
  caf::result<agent_reply> on_call(const agent_call& what);
  void publish(std::shared_ptr<task::state> job, publish_request what, std::uint32_t attempt);
  void settle(std::uint64_t seq);
  void ask(std::shared_ptr<task::state> job, chat_question what,
           std::function<void(const model_answer&)> then);
  std::vector<chat_tool> tools_for(const std::shared_ptr<task::state>& job, std::vector<tool> tools);
  chat_tool tool_for(const std::shared_ptr<task::state>& job, tool what);
  template <class Message>
  void on_model(const Message& what);

  config settings_;
  std::unique_ptr<agent> agent_;
  std::shared_ptr<bool> alive_;
  std::uint64_t next_ask_ = 1;
  std::unique_ptr<sub_calls> calls_;                         // outlives the asks
  std::map<std::uint64_t, std::shared_ptr<chat_call>> asks_; // each has a deadline
};

} // namespace weir
