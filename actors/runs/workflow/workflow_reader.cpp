#include "actors/core/json_text.hpp"
#include "actors/core/json_type.hpp"
#include "actors/runs/workflow/plan_reader.hpp"
#include "actors/runs/workflow/workflow_template.hpp"

#include <algorithm>

namespace weir {

using nlohmann::json;

namespace {

constexpr std::int64_t max_timeout_ms = 30LL * 24 * 3'600'000;

const std::vector<std::string> pattern_keys = {"agent",      "workflow", "sequence",  "parallel",
                                               "route",      "loop",     "await",     "handoff",
                                               "group_chat", "fallback", "compensate"};

std::string all_keys() {
  std::string out;
  for (auto& x : pattern_keys) out += (out.empty() ? "" : ", ") + x;
  return out;
}

} // namespace

step_ptr plan_reader::root(const json& from) { return step(from, {{}, 1, false, true}); }

step_ptr plan_reader::inner(const json& from, const std::string& path, const place& outer, bool undoable) {
  return step(from, {path, outer.depth + 1, undoable, false});
}

step_ptr plan_reader::step(const json& from, const place& at) {
  auto out = std::make_shared<workflow_step>();
  if (at.depth > max_plan_depth) {
    out_.add(at.path, "more than 32 steps in each other");
    return out;
  }
  if (++steps_ == max_plan_steps + 1) out_.add(at.path, "more than 1000 steps");
  plan_object object{from, at.path, out_};
  if (!object.good()) return out;
  std::vector<std::string> found, known = pattern_keys;
  for (auto& key : pattern_keys)
    if (object.has(key.c_str())) found.push_back(key);
  for (auto* key : {"id", "input", "timeout_ms"}) known.emplace_back(key);
  if (found.size() == 1 && found[0] == "agent") known.insert(known.end(), {"retries", "stream"});
  if (at.undoable) known.emplace_back("undo");
  if (at.is_root) known.emplace_back("kept");
  bool all_known = object.only(known);
  options(object, *out, at);
  if (found.size() == 1)
    pattern(found[0], object, *out, at);
  else if (!found.empty())
    out_.add(at.path, "has " + found[0] + " and " + found[1] + ", must have one of them");
  else if (all_known)
    out_.add(at.path, "must have one of " + all_keys());
  return out;
}

void plan_reader::options(plan_object& from, workflow_step& to, const place& at) {
  from.name("id", to.id);
  if (!to.id.empty()) ids_.insert(to.id);
  if (!at.is_root) from.integer("timeout_ms", to.timeout_ms, 1, max_timeout_ms);
  if (!from.has("input")) return;
  to.input = from.at("input");
  for (auto& x : pointers_of(*to.input)) references_.push_back({from.path_of("input") + x.where, x.pointer});
}

void plan_reader::pattern(const std::string& key, plan_object& from, workflow_step& to, const place& at) {
  auto index = std::find(pattern_keys.begin(), pattern_keys.end(), key) - pattern_keys.begin();
  auto as = [&](auto what) {
    read(from, what, to, at);
    to.what = std::move(what);
  };
  switch (index) {
  case 0:
    return as(plan::agent{});
  case 1:
    return as(plan::reference{});
  case 2:
    return as(plan::sequence{});
  case 3:
    return as(plan::parallel{});
  case 4:
    return as(plan::route{});
  case 5:
    return as(plan::loop{});
  case 6:
    return as(plan::await{});
  case 7:
    return as(plan::handoff{});
  case 8:
    return as(plan::group_chat{});
  case 9:
    return as(plan::fallback{});
  default:
    return as(plan::compensate{});
  }
}

std::vector<step_ptr> plan_reader::list(const json& from, const std::string& path, const place& outer,
                                        std::size_t max) {
  std::vector<step_ptr> out;
  if (!from.is_array()) {
    out_.add(path, "must be a list, is " + type_of(from));
  } else if (from.empty() || from.size() > max) {
    out_.add(path, "must have 1 to " + std::to_string(max) + " steps");
  } else {
    for (std::size_t i = 0; i < from.size(); ++i) out.push_back(inner(from[i], at_index(path, i), outer));
  }
  return out;
}

void plan_reader::check_references() {
  for (auto& x : references_) {
    auto wrong = check_template_pointer(x.pointer);
    std::string_view rest = x.pointer;
    if (wrong.empty() && next_pointer_token(rest) == "steps")
      if (auto id = next_pointer_token(rest); ids_.count(id) == 0) wrong = "no step has the id " + id;
    if (!wrong.empty()) out_.add(x.path, '"' + x.pointer + "\": " + wrong);
  }
}

std::variant<workflow, std::vector<plan_problem>> read_workflow(const std::string& name, const json& from) {
  plan_problems wrong;
  workflow out;
  out.name = name;
  if (is_nested_too_deep(from)) return std::vector<plan_problem>{{"", "is nested too deep"}};
  plan_object object{from, "", wrong};
  if (object.good()) {
    object.integer("timeout_ms", out.timeout_ms, 1, max_timeout_ms);
    object.boolean("kept", out.kept);
    plan_reader reader{wrong};
    out.root = reader.root(from);
    reader.check_references();
  }
  if (!wrong.empty()) return wrong.take();
  return out;
}

} // namespace weir
