#pragma once

// The conversation between the orchestrator and the runs of workflows.

#include "actors/messages/namespace.hpp"
#include "actors/messages/type_ids.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// orchestrator → run of a workflow: an event that it may wait for. Answered with `run_event_taken`.
struct run_event {
  event_ptr what;
};

/// run → orchestrator: the event is in the run's journal, or of no use to it.
struct run_event_taken {
  std::string run_id;
  std::uint64_t seq = 0;
};

/// run → orchestrator: send me a `tick_atom` then. A later one takes the place of an earlier one. One timer
/// for all runs: CAF's clock sorts all that it has whenever one is added.
struct wake_run {
  std::uint64_t seq = 0; ///< Of the run's call.
  std::int64_t after_ms = 0;
};

/// One step that a run is at.
struct run_place {
  std::uint64_t step = 0;
  std::string path;
  std::string what; ///< The agent, or the pattern that is waited for.
  std::int64_t since_ms = 0;
  bool waits = false;
};

/// run → orchestrator: where it is; the answer to `run_query_atom`.
struct run_report {
  std::string run_id;
  std::string target;
  std::string client_id;
  std::int64_t began_ms = 0; ///< Milliseconds since the Unix epoch.
  std::vector<run_place> places;
};

template <class Inspector>
bool inspect(Inspector& f, run_event& x) {
  return inspect(f, x.what);
}

template <class Inspector>
bool inspect(Inspector& f, run_event_taken& x) {
  return f.object(x).fields(f.field("run_id", x.run_id), f.field("seq", x.seq));
}

template <class Inspector>
bool inspect(Inspector& f, wake_run& x) {
  return f.object(x).fields(f.field("seq", x.seq), f.field("after_ms", x.after_ms));
}

template <class Inspector>
bool inspect(Inspector& f, run_place& x) {
  return f.object(x).fields(f.field("step", x.step), f.field("path", x.path), f.field("what", x.what),
                            f.field("since_ms", x.since_ms), f.field("waits", x.waits));
}

template <class Inspector>
bool inspect(Inspector& f, run_report& x) {
  return f.object(x).fields(f.field("run_id", x.run_id), f.field("target", x.target),
                            f.field("client_id", x.client_id), f.field("began_ms", x.began_ms),
                            f.field("places", x.places));
}

} // namespace weir
