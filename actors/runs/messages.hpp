#pragma once

// The conversation about runs: between callers, the orchestrator, runs and agents.

#include "actors/core/refusal.hpp"
#include "actors/core/type_ids.hpp"
#include "actors/runs/results.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// Where the deltas and the result of a run go: a subscriber behind a relay.
struct watcher {
  caf::actor relay;
  std::uint64_t subscriber = 0; ///< The relay's number for the connection.
  bool stream = false;          ///< Wants deltas, not only the result.
};

/// namespace → orchestrator: this caller waits for that run. Sent before the call's event is offered, and
/// again when a call is repeated.
struct watch_run {
  std::string run_id;
  watcher who;
};

/// relay → namespace → orchestrator: end this run. Answered to the relay with an `answer` of the same ticket.
struct cancel_run {
  std::uint64_t ticket = 0;
  std::string run_id;
  caf::actor relay; ///< Filled in by the namespace, like the ticket; null: nobody waits for the answer.
};

/// run → relay: for one subscriber. Exactly one of the two is meant: a result when it is set, else the delta.
struct run_update {
  std::uint64_t subscriber = 0;
  bool finished = false;
  run_delta delta;
  run_result result;
};

/// run → orchestrator: this run is over.
struct run_finished {
  std::uint64_t seq = 0; ///< Of the call's event.
  run_result result;
};

template <class Inspector>
bool inspect(Inspector& f, watcher& x) {
  return f.object(x).fields(f.field("relay", x.relay), f.field("subscriber", x.subscriber),
                            f.field("stream", x.stream));
}

template <class Inspector>
bool inspect(Inspector& f, watch_run& x) {
  return f.object(x).fields(f.field("run_id", x.run_id), f.field("who", x.who));
}

template <class Inspector>
bool inspect(Inspector& f, cancel_run& x) {
  return f.object(x).fields(f.field("ticket", x.ticket), f.field("run_id", x.run_id),
                            f.field("relay", x.relay));
}

template <class Inspector>
bool inspect(Inspector& f, run_update& x) {
  return f.object(x).fields(f.field("subscriber", x.subscriber), f.field("finished", x.finished),
                            f.field("delta", x.delta), f.field("result", x.result));
}

template <class Inspector>
bool inspect(Inspector& f, run_finished& x) {
  return f.object(x).fields(f.field("seq", x.seq), f.field("result", x.result));
}

} // namespace weir
