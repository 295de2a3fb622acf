#pragma once

#include "actors/agents/agent.hpp"
#include "actors/agents/agent_timers.hpp"
#include "actors/agents/handler_watch.hpp"
#include "actors/agents/report_limiter.hpp"
#include "actors/agents/state_keeper.hpp"
#include "actors/calls/sub_calls.hpp"
#include "actors/models/pool.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace weir {

class chat_call;
class sub_calls;
struct chat_tool;

/// The actor around one agent: gets its events from the namespace, its calls from runs, and does for it what
/// its tasks ask. An exception in a handler fails the task that it was for; one in the agent's constructor or
/// `on_start` ends the actor, and its supervisor makes a new one.
class agent_host : public caf::event_based_actor {
public:
  struct config {
    std::string name;
    std::string ns_name;
    caf::actor ns;
    std::shared_ptr<const model_directory> models;
    std::function<std::unique_ptr<agent>()> make;
    std::string settings = "{}"; ///< The agent's own, JSON text.
    store_handle store;          ///< Empty: what it keeps is in `memory`.
    durability keep = durability::process;
    std::shared_ptr<class store> memory;
    std::function<std::int64_t()> expiry_clock_ms;
    /// What agents that block run on; null: on the scheduler, like the others. Must outlive the actor.
    caf::execution_unit* blocking = nullptr;
    std::shared_ptr<handler_watch> watch;    ///< Null: its handlers are not watched.
    std::function<void(agent_note)> on_note; ///< Told that it is ready. From its own thread.
  };

  /// What one task may emit; one more throws std::length_error, which is a crash of its handler.
  static constexpr std::uint32_t max_emits = 1000;

  /// A larger event is refused to the task that emits it, and a larger reply or input of a call: 413. A
  /// client could not take it off its socket.
  static constexpr std::size_t max_emit_bytes = 256 * 1024;
  static constexpr std::size_t max_reply_bytes = 1024 * 1024;

  /// Failed tasks of an agent are told one by one so often in so long; the others are counted.
  static constexpr std::uint32_t max_reports = 10;
  static constexpr std::chrono::seconds report_window{10};

  /// Questions to models in flight; the next is answered with `429 model_queue_full`.
  static constexpr std::size_t max_asks = 256;

  /// What tasks wait for with `after`.
  static constexpr std::size_t max_waits = 1024;

  agent_host(caf::actor_config& cfg, config settings);
  ~agent_host() override;

  caf::behavior make_behavior() override;
  void on_exit() override;

  // Of an agent that blocks: whoever sends to it, its mailbox is emptied by a thread that may wait.
  using caf::event_based_actor::enqueue;
  bool enqueue(caf::mailbox_element_ptr what, caf::execution_unit* unit) override;
  void launch(caf::execution_unit* unit, bool lazy, bool hide) override;
  subtype_t subtype() const override;

  /// The client_id that an agent's events carry. Clients cannot take it: the prefix is the server's.
  static std::string client_id_of(const std::string& agent) { return "agent:" + agent; }

  /// Starts one, among those that may wait if the agent says that it blocks.
  static caf::actor start(caf::actor_system& sys, config settings);

private:
  friend class task;
  friend struct task_core;
  friend class agent_state;
  friend class agent_context;

  void on_event(const offered_event& what);
  caf::result<agent_reply> on_call(const agent_call& what);
  void publish(std::shared_ptr<task_core> job, publish_request what, std::uint32_t attempt);
  void settle(std::uint64_t seq);
  void stop(const std::string& origin);
  void forget(const std::string& origin) { in_hand_.erase(origin); }
  void ask(std::shared_ptr<task_core> job, chat_question what, std::function<void(const model_answer&)> then);
  std::vector<chat_tool> tools_for(const std::shared_ptr<task_core>& job, std::vector<tool> tools);
  chat_tool tool_for(const std::shared_ptr<task_core>& job, tool what);
  template <class Message>
  void on_model(const Message& what);
  std::shared_ptr<task_core> make_timer_job(std::uint64_t number, std::uint32_t hops);
  void begin();
  void check_patterns() const;
  void enter(handler_kind what, const task_core& job);
  void leave();
  static refusal thrown(const char* what);
  void fail(task_core& job, handler_kind where, refusal why);
  void report(const task_core& job, handler_kind where, const refusal& why);
  void cancel_work(task_core& job);
  void on_lost_emit(const task_core& job, const publish_request& what, const refusal& why);
  void count(const std::string& name, const std::string& help, const std::string& reason = {});
  void call(std::shared_ptr<task_core> job, call_request what, std::function<void(const call_result&)> then);
  void wait(std::shared_ptr<task_core> job, std::int64_t ms, std::function<void()> then);
  void count_skipped_timer();

  config settings_;
  std::unique_ptr<agent> agent_;
  std::shared_ptr<bool> alive_;
  std::uint64_t next_ask_ = 1;
  std::map<std::string, std::weak_ptr<task_core>, std::less<>> in_hand_; // calls by origin
  std::optional<sub_calls> calls_;                                       // outlives the asks
  std::map<std::uint64_t, std::shared_ptr<chat_call>> asks_;             // each has a deadline
  std::optional<state_keeper> state_;
  std::optional<agent_timers> timers_;
  std::size_t waits_ = 0;
  std::shared_ptr<watched_agent> watched_;
  report_limiter reports_{max_reports, report_window};
  report_limiter lost_emits_{max_reports, report_window};
  std::uint32_t hops_now_ = 0; // of the task whose handler runs
};

} // namespace weir
