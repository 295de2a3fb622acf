#pragma once

#include "actors/runs/workflow/workflow_condition.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace weir {

struct workflow_step;

/// A node of the tree. Steps never change, so plans and runs share them.
using step_ptr = std::shared_ptr<const workflow_step>;

// The patterns. docs/workflows.md says what each one does.
namespace plan {

/// Calls an agent with the current value.
struct agent {
  std::string name;
  std::uint32_t retries = 0; ///< 0 to 10.
  bool stream = false;       ///< Its deltas are the run's.
};

/// Another workflow's steps, until `link_workflows` has put them in its place.
struct reference {
  std::string workflow;
};

struct sequence {
  std::vector<step_ptr> steps;
};

struct parallel {
  std::vector<step_ptr> steps;
  std::uint32_t enough = 0; ///< 0: all must succeed; 1: the first one's output is the output; else a quorum.
  bool is_any = false;      ///< `enough` is 1, and the output is no list.
};

struct route {
  struct way {
    condition_ptr when; ///< Null: else.
    step_ptr to;
  };
  std::vector<way> ways;
};

struct loop {
  step_ptr body;
  condition_ptr until;
  std::uint32_t max = 10; ///< 1 to 1000.
  bool fails_at_max = false;
};

/// Its step's `timeout_ms` is how long it waits.
struct await {
  std::string pattern;
  condition_ptr where;  ///< On the event's data; may be null.
  bool any_run = false; ///< Else only an event whose data has this run's id as `run_id`.
  step_ptr otherwise;   ///< At the deadline; null: it fails.
};

struct handoff {
  std::vector<std::string> among;
  std::string first;
  std::uint32_t max = 10; ///< Hand-offs, 1 to 1000.
};

struct group_chat {
  std::vector<std::string> agents;
  std::uint32_t turns = 10; ///< 1 to 1000.
  std::string moderator;    ///< Names who is next; empty: round robin.
  condition_ptr until;      ///< On the output of who spoke last; may be null.
};

struct fallback {
  std::vector<step_ptr> steps;
};

struct compensate {
  struct part {
    step_ptr to;
    step_ptr undo; ///< May be null.
  };
  std::vector<part> parts;
};

} // namespace plan

struct workflow_step {
  std::string id;                      ///< Its output is remembered under it; empty: it is not.
  std::optional<nlohmann::json> input; ///< A template for what it gets; else the current value.
  std::int64_t timeout_ms = 0;         ///< From its begin, all that is in it included. 0: none of its own.
  std::variant<plan::agent, plan::reference, plan::sequence, plan::parallel, plan::route, plan::loop,
               plan::await, plan::handoff, plan::group_chat, plan::fallback, plan::compensate>
      what;
};

struct workflow {
  std::string name;
  std::int64_t timeout_ms = 3'600'000; ///< Of the whole run, 1 to 30 days.
  bool kept = true;                    ///< Each transition of a run is in its journal before it is acted on.
  step_ptr root;
};

/// `path` leads from the workflow to what is wrong, as `sequence[1].loop.until.path`; empty: the whole.
struct plan_problem {
  std::string path;
  std::string message;
};

inline constexpr std::size_t max_plan_depth = 32;   ///< Steps in steps.
inline constexpr std::size_t max_plan_steps = 1000; ///< Of one plan, those of linked workflows included.
inline constexpr std::int64_t default_undo_ms = 30'000;

/// Reads JSON, and tells every problem, not the first only.
std::variant<workflow, std::vector<plan_problem>> read_workflow(const std::string& name,
                                                                const nlohmann::json& from);

/// What reads back to the same plan.
nlohmann::json print_workflow(const workflow& what);

/// Puts the steps of other workflows where they are named, each as a sequence of one with that workflow's
/// `timeout_ms`, unless the step that names it has its own. A path of a problem begins with the workflow's
/// name.
std::vector<plan_problem> link_workflows(std::map<std::string, workflow>& all);

/// The agents that it calls.
std::set<std::string> targets_of(const workflow& what);

/// The patterns of all its awaits.
std::set<std::string> patterns_of(const workflow& what);

/// Those of awaits that take events of any run.
std::set<std::string> patterns_of_any_run(const workflow& what);

/// All awaits in it.
std::vector<const plan::await*> awaits_of(const workflow_step& from);

/// The key of JSON for a step's pattern.
const char* pattern_key(const workflow_step& x) noexcept;

/// Where the step that is child number `branch` of another is in it, as `sequence[1]`. See `children_of`.
std::string child_key(const workflow_step& of, std::uint32_t branch);

/// Whether it is only a list of steps, which a loop may have as its `do`.
bool is_plain_list(const workflow_step& x) noexcept;

/// A step in another, with the number by which `child_key` and the machine know it.
struct plan_child {
  std::uint32_t branch = 0;
  step_ptr to;
};
std::vector<plan_child> children_of(const workflow_step& of);

} // namespace weir
