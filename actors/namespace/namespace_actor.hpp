#pragma once

#include "actors/core/limits.hpp"
#include "actors/namespace/dead_letters.hpp"
#include "actors/namespace/durable_subscription.hpp"
#include "actors/namespace/messages.hpp"
#include "actors/namespace/sequencer.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/telemetry/counter.hpp>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace weir {

/// One tenant: gives every event its place and sends it to the relays and to the agents. The messages that it
/// takes are those of `messages.hpp`; everything that it decides is the sequencer's and the subscriptions'.
///
/// What is on its way to it is bounded by the credit that it grants: `relay_credit` requests for each relay,
/// one unsettled batch of emitted events for each agent.
class namespace_actor : public caf::event_based_actor {
public:
  struct config {
    std::string name;
    std::string epoch;
    limits bounds;
    event_encoder encode = nullptr;
    std::set<std::string> targets; ///< What can be called here.
    std::function<std::int64_t()> wall_clock_ms; ///< Milliseconds since the Unix epoch.
  };

  /// The name of the orchestrator's durable subscription.
  static constexpr const char* orchestrator_name = "orchestrator";

  /// Who may wait for one call by repeating it; above it the oldest caller gives way to the newest.
  static constexpr std::size_t max_callers = 16;

  namespace_actor(caf::actor_config& cfg, config settings);

  caf::behavior make_behavior() override;
  void on_exit() override;

  const sequencer& state() const noexcept { return sequencer_; }
  const dead_letters& dead() const noexcept { return dead_; }

private:
  /// A durable subscription and who serves it now.
  struct seat {
    durable_subscription subscription;
    caf::actor subscriber; // null between one that crashed and its successor
  };

  /// A call that was accepted, and who waits for its result: told to the orchestrator, and told again to
  /// the next one when it was restarted.
  struct open_call {
    std::string run_id;
    std::vector<watcher> callers; // at most max_callers
  };

  struct meters {
    caf::telemetry::int_counter* accepted;
    caf::telemetry::int_counter* duplicates;
    caf::telemetry::int_counter* refused;
    caf::telemetry::int_counter* dead_letters;
    caf::telemetry::int_counter* dropped_letters;
    caf::telemetry::int_counter* missed;
  };

  void attach(const caf::actor& relay);
  void on_batch(request_batch& batch);
  answer on_publish(const publish_request& what);
  answer on_call(const call_request& what);
  void on_cancel(std::uint64_t ticket, const std::string& run_id, const caf::actor& relay);
  void await_result(std::uint64_t seq, const std::string& run_id, const watcher& caller);
  void on_subscribe(subscribe_durably& what);
  void on_settlement(const settlement& what);
  void on_down(const caf::down_msg& msg);
  void on_subscriber_down(seat& x, const caf::error& reason);
  void bury(seat& x, const offered_event& what, const std::string& error);
  void announce(const server_event& what);

  /// Sends what was accepted to everyone that it concerns.
  void fan_out();
  void feed(seat& x);
  answer count(answer x);
  seat* find_seat(const std::string& name);

  config settings_;
  sequencer sequencer_;
  dead_letters dead_;
  std::vector<caf::actor> relays_;
  std::map<std::string, seat, std::less<>> seats_;
  std::map<std::uint64_t, open_call> open_calls_; // by seq: accepted and not settled; at most bounds.runs
  meters meters_;
};

} // namespace weir
