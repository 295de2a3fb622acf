#pragma once

#include "actors/messages/runs.hpp"
#include "actors/runs/workflow/workflow_plan.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace weir {

class workflow_engine;

/// Runs one plan: what happened goes in, what is to be done comes out. It has no clock and asks nobody, so
/// the same records always lead to the same actions and the same state. Whoever owns it keeps the records,
/// does what it says, and calls it again when `next_deadline_ms` has come.
///
/// Events that come before they are awaited are held, 16 of them; then the oldest is dropped, and counted.
class workflow_machine {
public:
  /// How one call ended. All but `cancelled` and `failed` count as a success with an output.
  struct outcome {
    run_status status = run_status::failed;
    std::string output = "null"; ///< JSON text.
    refusal error;
    token_usage usage;
  };

  // What is recorded.

  struct begun {
    std::string input; ///< JSON text.
  };

  /// Changes nothing if the step is over or was stopped.
  struct call_ended {
    std::uint64_t step = 0;
    outcome what;
  };

  /// Changes nothing if an event with this seq has come before.
  struct event_came {
    std::uint64_t seq = 0;
    std::string type, client_id, data;
  };

  struct time_passed {};

  struct cancelled {
    std::string why;
  };

  struct record {
    std::int64_t at_ms = 0; ///< Milliseconds since the Unix epoch.
    std::variant<begun, call_ended, event_came, time_passed, cancelled> what;
  };

  // What is to be done. Steps are numbered from 1 in the order in which calls and waits begin; an attempt
  // that is a repetition has a number of its own.

  struct start_call {
    std::uint64_t step = 0;
    std::string path; ///< Where it is in the plan, as `sequence[1].agent`.
    std::string target;
    std::string input;           ///< JSON text.
    std::int64_t timeout_ms = 0; ///< Above 0.
    std::uint32_t attempt = 1;
    bool stream = false;
  };

  struct stop_call {
    std::uint64_t step = 0;
  };

  /// For people who watch: what is waited for is recognised here.
  struct start_wait {
    std::uint64_t step = 0;
    std::string path;
    std::string pattern;
  };

  struct stop_wait {
    std::uint64_t step = 0;
  };

  /// The last action of a run. A failed step's path stands before its error's message.
  struct finish {
    run_status status = run_status::failed;
    std::string output = "null";
    refusal error; ///< Where the status is not `complete`.
    token_usage usage;
  };

  using action = std::variant<start_call, stop_call, start_wait, stop_wait, finish>;

  /// What one run may need. Above it the step fails with 413 and `too_many_steps`, `too_large`, `too_deep` or
  /// `too_many_calls`. An `undo` is not held up by the number of steps and of calls.
  struct bounds {
    std::uint32_t steps = 1000;              ///< Calls and waits; other steps count a sixteenth.
    std::uint64_t output_bytes = 256 * 1024; ///< Of one value; four times as much of all that are remembered.
    std::uint32_t depth = 32;                ///< Steps in each other.
    std::uint32_t calls_in_flight = 64;
  };

  workflow_machine(std::shared_ptr<const workflow> plan, std::string run_id, bounds limits);
  workflow_machine(std::shared_ptr<const workflow> plan, std::string run_id);
  ~workflow_machine();

  /// Deadlines that are over by the record's time come before what it says.
  std::vector<action> apply(const record& what);

  /// When `time_passed` is due, milliseconds since the Unix epoch.
  std::optional<std::int64_t> next_deadline_ms() const;

  bool over() const;

  /// A call or a wait that is under way.
  struct open_step {
    std::uint64_t step = 0;
    std::string path;
    std::string what; ///< The agent, or the pattern.
    std::int64_t since_ms = 0;
    bool waits = false;
  };
  std::vector<open_step> open() const;

  /// Events that were held and dropped.
  std::uint64_t dropped_events() const;

  /// A record as a line of JSON.
  static std::string encode(const record& what);
  static std::variant<record, refusal> decode(const std::string& text);

private:
  std::unique_ptr<workflow_engine> engine_;
};

} // namespace weir
