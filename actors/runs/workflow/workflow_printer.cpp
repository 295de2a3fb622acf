#include "actors/runs/workflow/workflow_plan.hpp"

#include <algorithm>

namespace weir {

using nlohmann::json;

namespace {

json print(const workflow_step& x);

json print(const std::vector<step_ptr>& steps) {
  auto out = json::array();
  for (auto& x : steps) out.push_back(print(*x));
  return out;
}

json print(const condition& x) {
  using kind = condition::kind;
  if (x.asks == kind::negation) return json{{"not", print(x.parts[0])}};
  if (x.asks == kind::all || x.asks == kind::any) {
    auto parts = json::array();
    for (auto& y : x.parts) parts.push_back(print(y));
    return json{{to_string(x.asks), std::move(parts)}};
  }
  json out = {{"path", x.path}, {to_string(x.asks), x.with}};
  if (x.in_text) out["in_text"] = true;
  return out;
}

json print_body(const workflow_step& x) {
  return is_plain_list(x) ? print(std::get<plan::sequence>(x.what).steps) : print(x);
}

/// What follows a pattern's key. Options that are the pattern's own go into `step`.
struct printer {
  const workflow_step& of;
  json& step;

  json operator()(const plan::agent& x) const {
    if (x.retries > 0) step["retries"] = x.retries;
    if (x.stream) step["stream"] = true;
    return x.name;
  }

  json operator()(const plan::reference& x) const { return x.workflow; }
  json operator()(const plan::sequence& x) const { return print(x.steps); }
  json operator()(const plan::fallback& x) const { return print(x.steps); }

  json operator()(const plan::parallel& x) const {
    if (x.enough == 0 && of.timeout_ms == 0) return print(x.steps);
    json out = {{"do", print(x.steps)}};
    if (of.timeout_ms > 0) out["timeout_ms"] = of.timeout_ms;
    if (x.enough == 0)
      out["until"] = "all";
    else
      out["until"] = x.is_any ? json("any") : json{{"quorum", x.enough}};
    return out;
  }

  json operator()(const plan::route& x) const {
    auto out = json::array();
    for (auto& way : x.ways)
      if (way.when)
        out.push_back({{"when", print(*way.when)}, {"do", print(*way.to)}});
      else
        out.push_back({{"else", print(*way.to)}});
    return out;
  }

  json operator()(const plan::loop& x) const {
    return {{"do", print_body(*x.body)},
            {"until", print(*x.until)},
            {"max", x.max},
            {"on_max", x.fails_at_max ? "fail" : "continue"}};
  }

  json operator()(const plan::await& x) const {
    json out = {{"on", x.pattern}};
    if (x.where) out["where"] = print(*x.where);
    if (x.any_run) out["any_run"] = true;
    if (of.timeout_ms > 0) out["timeout_ms"] = of.timeout_ms;
    if (x.otherwise) out["otherwise"] = print(*x.otherwise);
    return out;
  }

  json operator()(const plan::handoff& x) const {
    return {{"among", x.among}, {"first", x.first}, {"max", x.max}};
  }

  json operator()(const plan::group_chat& x) const {
    json out = {{"agents", x.agents}, {"turns", x.turns}, {"next", "round_robin"}};
    if (!x.moderator.empty()) out["next"] = {{"agent", x.moderator}};
    if (x.until) out["until"] = print(*x.until);
    return out;
  }

  json operator()(const plan::compensate& x) const {
    auto out = json::array();
    for (auto& part : x.parts) {
      auto entry = print(*part.to);
      if (part.undo) entry["undo"] = print(*part.undo);
      out.push_back(std::move(entry));
    }
    return out;
  }
};

bool keeps_its_time_inside(const workflow_step& x) {
  return std::holds_alternative<plan::parallel>(x.what) || std::holds_alternative<plan::await>(x.what);
}

json print(const workflow_step& x) {
  auto out = json::object();
  auto pattern = std::visit(printer{x, out}, x.what);
  out[pattern_key(x)] = std::move(pattern);
  if (!x.id.empty()) out["id"] = x.id;
  if (x.input) out["input"] = *x.input;
  if (x.timeout_ms > 0 && !keeps_its_time_inside(x)) out["timeout_ms"] = x.timeout_ms;
  return out;
}

} // namespace

json print_workflow(const workflow& what) {
  auto out = print(*what.root);
  auto timeout_ms = what.timeout_ms;
  // The time of a root that is not a parallel or an await is the run's.
  if (out.contains("timeout_ms")) timeout_ms = std::min(timeout_ms, what.root->timeout_ms);
  out["timeout_ms"] = timeout_ms;
  out["kept"] = what.kept;
  return out;
}

} // namespace weir
