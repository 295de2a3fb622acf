#include "apps/weir/config/node_schema.hpp"
#include "apps/weir/config/rules.hpp"

namespace weir {

namespace {

using schema::json;

/// In the place of one that could not be read: a namespace that names it is not wrong for that.
workflow unreadable() {
  auto nothing = std::make_shared<workflow_step>();
  nothing->what = plan::sequence{};
  workflow out;
  out.root = std::move(nothing);
  return out;
}

void read_workflows(const json& from, node_config& to, const std::string& path, schema::problems& wrong) {
  if (!from.is_object()) return wrong.add(path, "must be an object, is " + schema::type_of(from));
  auto whole = true;
  for (auto& [name, value] : from.items()) {
    auto where = schema::join(path, name);
    auto bad = check_plain_name(name);
    if (!bad.empty()) wrong.add(where, bad);
    auto read = read_workflow(name, value);
    if (auto* problems = std::get_if<std::vector<plan_problem>>(&read))
      for (auto& x : *problems) wrong.add(x.path.empty() ? where : schema::join(where, x.path), x.message);
    auto* plan = std::get_if<workflow>(&read);
    to.workflows[name] = plan != nullptr ? std::move(*plan) : unreadable();
    whole = whole && bad.empty() && plan != nullptr;
  }
  if (!whole) return; // what names a workflow that could not be read would be reported again
  for (auto& x : link_workflows(to.workflows)) wrong.add(schema::join(path, x.path), x.message);
}

} // namespace

schema::field<node_config> workflows_field() {
  schema::field<node_config> out;
  out.key = "workflows";
  out.read = read_workflows;
  out.print = [](const node_config& what, json& object) {
    auto all = json::object();
    for (auto& [name, plan] : what.workflows) all[name] = print_workflow(plan);
    object["workflows"] = std::move(all);
  };
  out.describe = [](const node_config&, const std::string& path, std::vector<schema::row>& rows) {
    rows.push_back({path + ".NAME", "object", "none", "a plan",
                    "patterns of calls between agents; see docs/workflows.md"});
  };
  return out;
}

} // namespace weir
