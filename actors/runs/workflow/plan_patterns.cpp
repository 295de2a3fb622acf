// How each pattern is read.

#include "actors/core/json_text.hpp"
#include "actors/core/json_type.hpp"
#include "actors/event/pattern.hpp"
#include "actors/runs/workflow/plan_reader.hpp"

#include <algorithm>

namespace weir {

using nlohmann::json;

namespace {

constexpr std::size_t max_branches = 64;
constexpr std::int64_t max_rounds = 1000;

condition_ptr condition_at(plan_object& from, const char* key, plan_problems& out) {
  if (!from.has(key)) return nullptr;
  return std::make_shared<const condition>(read_condition(from.at(key), from.path_of(key), out));
}

bool is_among(const std::vector<std::string>& all, const std::string& name) {
  return std::find(all.begin(), all.end(), name) != all.end();
}

} // namespace

void plan_reader::read(plan_object& from, plan::agent& to, workflow_step&, const place&) {
  from.name("agent", to.name);
  from.integer("retries", to.retries, 0, 10);
  from.boolean("stream", to.stream);
}

void plan_reader::read(plan_object& from, plan::reference& to, workflow_step&, const place&) {
  from.name("workflow", to.workflow);
}

void plan_reader::read(plan_object& from, plan::sequence& to, workflow_step&, const place& at) {
  to.steps = list(from.at("sequence"), from.path_of("sequence"), at, max_plan_steps);
}

void plan_reader::read(plan_object& from, plan::fallback& to, workflow_step&, const place& at) {
  to.steps = list(from.at("fallback"), from.path_of("fallback"), at, max_branches);
}

void plan_reader::read(plan_object& from, plan::parallel& to, workflow_step& step, const place& at) {
  auto path = from.path_of("parallel");
  auto& what = from.at("parallel");
  if (what.is_array()) {
    to.steps = list(what, path, at, max_branches);
    return;
  }
  plan_object inside{what, path, out_};
  if (!inside.good()) return;
  inside.only({"do", "until", "timeout_ms"});
  if (inside.needs("do")) to.steps = list(inside.at("do"), inside.path_of("do"), at, max_branches);
  enough(inside, to);
  own_time(inside, step);
}

void plan_reader::enough(plan_object& inside, plan::parallel& to) {
  if (!inside.has("until") || inside.at("until") == "all") return;
  auto& until = inside.at("until");
  to.is_any = until == "any";
  to.enough = 1;
  if (to.is_any) return;
  if (!until.is_object()) return inside.problem("until", R"(must be "all", "any" or {"quorum": n})");
  plan_object quorum{until, inside.path_of("until"), out_};
  quorum.only({"quorum"});
  if (!quorum.needs("quorum")) return;
  quorum.integer("quorum", to.enough, 1,
                 static_cast<std::int64_t>(std::max<std::size_t>(to.steps.size(), 1)));
}

/// The deadline of a parallel and of an await may stand inside, too.
void plan_reader::own_time(plan_object& inside, workflow_step& to) {
  if (!inside.has("timeout_ms")) return;
  if (to.timeout_ms > 0) return inside.problem("timeout_ms", "is there twice: in the step too");
  inside.integer("timeout_ms", to.timeout_ms, 1, 30LL * 24 * 3'600'000);
}

void plan_reader::read(plan_object& from, plan::route& to, workflow_step&, const place& at) {
  auto path = from.path_of("route");
  auto& ways = from.at("route");
  if (!ways.is_array()) return out_.add(path, "must be a list, is " + type_of(ways));
  if (ways.empty() || ways.size() > max_branches) return out_.add(path, "must have 1 to 64 ways");
  for (std::size_t i = 0; i < ways.size(); ++i)
    to.ways.push_back(way(ways[i], at_index(path, i), i + 1 == ways.size(), at));
}

plan::route::way plan_reader::way(const json& from, const std::string& path, bool last, const place& at) {
  plan::route::way out;
  plan_object object{from, path, out_};
  if (!object.good()) return out;
  if (object.has("else")) {
    object.only({"else"});
    if (!last) out_.add(path, "else must be the last way");
    out.to = inner(object.at("else"), object.path_of("else"), at);
    return out;
  }
  object.only({"when", "do", "else"});
  if (object.needs("when")) out.when = condition_at(object, "when", out_);
  if (object.needs("do")) out.to = inner(object.at("do"), object.path_of("do"), at);
  return out;
}

void plan_reader::read(plan_object& from, plan::loop& to, workflow_step&, const place& at) {
  plan_object inside{from.at("loop"), from.path_of("loop"), out_};
  if (!inside.good()) return;
  inside.only({"do", "until", "max", "on_max"});
  if (inside.needs("do")) {
    auto& body = inside.at("do");
    auto path = inside.path_of("do");
    if (body.is_array()) {
      auto steps = std::make_shared<workflow_step>();
      place outer{path, at.depth + 1, false, false};
      steps->what = plan::sequence{list(body, path, outer, max_plan_steps)};
      to.body = std::move(steps);
    } else {
      to.body = inner(body, path, at);
    }
  }
  if (inside.needs("until")) to.until = condition_at(inside, "until", out_);
  inside.integer("max", to.max, 1, max_rounds);
  if (!inside.has("on_max") || inside.at("on_max") == "continue") return;
  to.fails_at_max = true;
  if (inside.at("on_max") != "fail") inside.problem("on_max", R"(must be "continue" or "fail")");
}

void plan_reader::read(plan_object& from, plan::await& to, workflow_step& step, const place& at) {
  plan_object inside{from.at("await"), from.path_of("await"), out_};
  if (!inside.good()) return;
  inside.only({"on", "where", "any_run", "timeout_ms", "otherwise"});
  if (inside.needs("on")) {
    auto& on = inside.at("on");
    if (!on.is_string()) inside.problem("on", "must be a text, is " + type_of(on));
    if (on.is_string()) to.pattern = on.get<std::string>();
    if (auto wrong = check_pattern(to.pattern); on.is_string() && !wrong.empty())
      inside.problem("on", print_json(on) + ": " + wrong);
  }
  to.where = condition_at(inside, "where", out_);
  inside.boolean("any_run", to.any_run);
  own_time(inside, step);
  if (!inside.has("otherwise")) return;
  if (step.timeout_ms == 0) inside.problem("otherwise", "is never reached without a timeout_ms");
  to.otherwise = inner(inside.at("otherwise"), inside.path_of("otherwise"), at);
}

void plan_reader::read(plan_object& from, plan::handoff& to, workflow_step&, const place&) {
  plan_object inside{from.at("handoff"), from.path_of("handoff"), out_};
  if (!inside.good()) return;
  inside.only({"among", "first", "max"});
  inside.names("among", to.among);
  if (!to.among.empty()) to.first = to.among[0];
  inside.name("first", to.first);
  if (inside.has("first") && !is_among(to.among, to.first)) inside.problem("first", "must be one of among");
  inside.integer("max", to.max, 1, max_rounds);
}

void plan_reader::read(plan_object& from, plan::group_chat& to, workflow_step&, const place&) {
  plan_object inside{from.at("group_chat"), from.path_of("group_chat"), out_};
  if (!inside.good()) return;
  inside.only({"agents", "turns", "next", "until"});
  inside.names("agents", to.agents);
  inside.integer("turns", to.turns, 1, max_rounds);
  to.until = condition_at(inside, "until", out_);
  if (!inside.has("next") || inside.at("next") == "round_robin") return;
  if (!inside.at("next").is_object())
    return inside.problem("next", R"(must be "round_robin" or {"agent": name})");
  plan_object next{inside.at("next"), inside.path_of("next"), out_};
  next.only({"agent"});
  if (next.needs("agent")) next.name("agent", to.moderator);
}

void plan_reader::read(plan_object& from, plan::compensate& to, workflow_step&, const place& at) {
  auto path = from.path_of("compensate");
  auto& parts = from.at("compensate");
  if (!parts.is_array()) return out_.add(path, "must be a list, is " + type_of(parts));
  if (parts.empty() || parts.size() > max_plan_steps) return out_.add(path, "must have 1 to 1000 steps");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    plan::compensate::part part;
    part.to = inner(parts[i], at_index(path, i), at, true);
    if (parts[i].is_object() && parts[i].contains("undo"))
      part.undo = inner(parts[i].at("undo"), at_index(path, i) + ".undo", at);
    to.parts.push_back(std::move(part));
  }
}

} // namespace weir
