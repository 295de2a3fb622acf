#pragma once

#include "actors/runs/workflow/workflow_plan.hpp"

#include <string>
#include <utility>
#include <vector>

// Plans in C++, with the names that they have in JSON. What is built is checked by `check`; a plan that has
// problems must not be run.
//
//   flow::plan("review", flow::sequence({
//       flow::agent("writer", {.id = "draft", .retries = 2}),
//       flow::loop(flow::agent("critic"), flow::greater("/score", 7), {.max = 3}),
//   }));

namespace weir::flow {

/// What any step can be told; `retries` and `stream` are an agent's.
struct options {
  std::string id = {};
  std::optional<nlohmann::json> input = {}; ///< A template.
  std::int64_t timeout_ms = 0;
  std::uint32_t retries = 0;
  bool stream = false;
};

struct parallel_options {
  enum class until { all, any, quorum };
  until ends = until::all;
  std::uint32_t quorum = 0; ///< With `until::quorum`.
};

struct loop_options {
  std::uint32_t max = 10;
  bool fails_at_max = false;
};

struct await_options {
  std::optional<condition> where = {};
  bool any_run = false;
  step_ptr otherwise = {};
};

struct handoff_options {
  std::string first = {}; ///< Empty: the first of all.
  std::uint32_t max = 10;
};

struct group_chat_options {
  std::uint32_t turns = 10;
  std::string moderator = {}; ///< Empty: round robin.
  std::optional<condition> until = {};
};

struct way {
  std::optional<condition> when; ///< Nothing: else.
  step_ptr to;
};

struct part {
  step_ptr to;
  step_ptr undo = {};
};

struct plan_options {
  std::int64_t timeout_ms = 3'600'000;
  bool kept = true;
};

step_ptr agent(std::string name, options with = {});
step_ptr workflow(std::string name, options with = {}); ///< Another workflow's steps: see `link_workflows`.
step_ptr sequence(std::vector<step_ptr> steps, options with = {});
step_ptr parallel(std::vector<step_ptr> steps, parallel_options how = {}, options with = {});
step_ptr route(std::vector<way> ways, options with = {});
step_ptr loop(step_ptr body, condition until, loop_options how = {}, options with = {});
step_ptr await(std::string pattern, await_options how = {}, options with = {});
step_ptr handoff(std::vector<std::string> among, handoff_options how = {}, options with = {});
step_ptr group_chat(std::vector<std::string> agents, group_chat_options how = {}, options with = {});
step_ptr fallback(std::vector<step_ptr> steps, options with = {});
step_ptr compensate(std::vector<part> parts, options with = {});

way when(condition what, step_ptr to);
way otherwise(step_ptr to);

// Conditions: `path` is a JSON pointer into the value.
condition equals(std::string path, nlohmann::json with);
condition not_equals(std::string path, nlohmann::json with);
condition contains(std::string path, nlohmann::json with);
condition exists(std::string path, bool so = true);
condition less(std::string path, nlohmann::json with);
condition greater(std::string path, nlohmann::json with);
condition all(std::vector<condition> parts);
condition any(std::vector<condition> parts);
condition negate(condition what);
condition in_text(condition what); ///< Into the JSON object that the value's text is.

/// The whole. A root's own `timeout_ms` shortens the run's.
weir::workflow plan(std::string name, step_ptr root, plan_options with = {});

/// What is wrong with it, as with one that is read.
std::vector<plan_problem> check(const weir::workflow& what);

} // namespace weir::flow
