#include "actors/runs/workflow/workflow_builder.hpp"

namespace weir::flow {

namespace {

template <class What>
step_ptr make(What what, options&& with) {
  auto out = std::make_shared<workflow_step>();
  out->id = std::move(with.id);
  out->input = std::move(with.input);
  out->timeout_ms = with.timeout_ms;
  out->what = std::move(what);
  return out;
}

condition_ptr share(std::optional<condition>&& x) {
  return x ? std::make_shared<const condition>(std::move(*x)) : nullptr;
}

condition compare(condition::kind asks, std::string&& path, nlohmann::json&& with) {
  condition out;
  out.asks = asks;
  out.path = std::move(path);
  out.with = std::move(with);
  return out;
}

condition join(condition::kind asks, std::vector<condition>&& parts) {
  condition out;
  out.asks = asks;
  out.parts = std::move(parts);
  return out;
}

} // namespace

step_ptr agent(std::string name, options with) {
  plan::agent what{std::move(name), with.retries, with.stream};
  return make(std::move(what), std::move(with));
}

step_ptr workflow(std::string name, options with) {
  return make(plan::reference{std::move(name)}, std::move(with));
}

step_ptr sequence(std::vector<step_ptr> steps, options with) {
  return make(plan::sequence{std::move(steps)}, std::move(with));
}

step_ptr parallel(std::vector<step_ptr> steps, parallel_options how, options with) {
  plan::parallel what;
  what.steps = std::move(steps);
  what.is_any = how.ends == parallel_options::until::any;
  if (what.is_any) what.enough = 1;
  if (how.ends == parallel_options::until::quorum) what.enough = how.quorum;
  return make(std::move(what), std::move(with));
}

step_ptr route(std::vector<way> ways, options with) {
  plan::route what;
  for (auto& x : ways) what.ways.push_back({share(std::move(x.when)), std::move(x.to)});
  return make(std::move(what), std::move(with));
}

step_ptr loop(step_ptr body, condition until, loop_options how, options with) {
  return make(plan::loop{std::move(body), share(std::move(until)), how.max, how.fails_at_max},
              std::move(with));
}

step_ptr await(std::string pattern, await_options how, options with) {
  plan::await what{std::move(pattern), share(std::move(how.where)), how.any_run, std::move(how.otherwise)};
  return make(std::move(what), std::move(with));
}

step_ptr handoff(std::vector<std::string> among, handoff_options how, options with) {
  if (how.first.empty() && !among.empty()) how.first = among[0];
  return make(plan::handoff{std::move(among), std::move(how.first), how.max}, std::move(with));
}

step_ptr group_chat(std::vector<std::string> agents, group_chat_options how, options with) {
  plan::group_chat what{std::move(agents), how.turns, std::move(how.moderator), share(std::move(how.until))};
  return make(std::move(what), std::move(with));
}

step_ptr fallback(std::vector<step_ptr> steps, options with) {
  return make(plan::fallback{std::move(steps)}, std::move(with));
}

step_ptr compensate(std::vector<part> parts, options with) {
  plan::compensate what;
  for (auto& x : parts) what.parts.push_back({std::move(x.to), std::move(x.undo)});
  return make(std::move(what), std::move(with));
}

way when(condition what, step_ptr to) { return {std::move(what), std::move(to)}; }
way otherwise(step_ptr to) { return {std::nullopt, std::move(to)}; }

condition equals(std::string path, nlohmann::json with) {
  return compare(condition::kind::equals, std::move(path), std::move(with));
}

condition not_equals(std::string path, nlohmann::json with) {
  return compare(condition::kind::not_equals, std::move(path), std::move(with));
}

condition contains(std::string path, nlohmann::json with) {
  return compare(condition::kind::contains, std::move(path), std::move(with));
}

condition exists(std::string path, bool so) {
  return compare(condition::kind::exists, std::move(path), nlohmann::json(so));
}

condition less(std::string path, nlohmann::json with) {
  return compare(condition::kind::less, std::move(path), std::move(with));
}

condition greater(std::string path, nlohmann::json with) {
  return compare(condition::kind::greater, std::move(path), std::move(with));
}

condition all(std::vector<condition> parts) { return join(condition::kind::all, std::move(parts)); }
condition any(std::vector<condition> parts) { return join(condition::kind::any, std::move(parts)); }
condition negate(condition what) { return join(condition::kind::negation, {std::move(what)}); }

condition in_text(condition what) {
  what.in_text = true;
  return what;
}

weir::workflow plan(std::string name, step_ptr root, plan_options with) {
  weir::workflow out;
  out.name = std::move(name);
  out.timeout_ms = with.timeout_ms;
  out.kept = with.kept;
  out.root = std::move(root);
  return out;
}

std::vector<plan_problem> check(const weir::workflow& what) {
  auto read = read_workflow(what.name, print_workflow(what));
  auto* wrong = std::get_if<std::vector<plan_problem>>(&read);
  return wrong == nullptr ? std::vector<plan_problem>{} : std::move(*wrong);
}

} // namespace weir::flow
