#include "apps/weir/config/node_schema.hpp"
#include "apps/weir/config/rules.hpp"
#include "apps/weir/config/schema_types.hpp"

namespace weir {

namespace {

using schema::json;

/// One section without its limits, which need the node's.
std::vector<schema::field<namespace_section>> section_fields() {
  using x = namespace_section;
  return {
      schema::member("agents", &x::agents, schema::texts("agents' names"), "the agents that run there"),
      schema::member("durability", &x::durability, schema::choice({"process", "power", "none"}),
                     "what an `ok` survives: the end of the node's process, or of its power too"),
      schema::member("causal", &x::causal, schema::choice({"deliver", "refuse"}),
                     "what becomes of an event whose predecessor has not come within `causal_wait_ms`: it is "
                     "delivered with `causal_gap`, or refused"),
      schema::member("workflows", &x::workflows, schema::texts("workflows' names"),
                     "the workflows that can be called there"),
  };
}

/// The limits that a namespace sets itself.
schema::field<namespace_section> own_limits(const limits& of_node) {
  schema::field<namespace_section> out;
  out.key = "limits";
  auto kind = limits_schema(true);
  out.read = [kind](const json& from, namespace_section& to, const std::string& path,
                    schema::problems& wrong) { kind->read(from, to.bounds, path, wrong); };
  out.print = [kind, node = kind->print(of_node)](const namespace_section& what, json& object) {
    auto own = json::object();
    auto all = kind->print(what.bounds);
    for (auto& [key, value] : all.items())
      if (value != node[key]) own[key] = value;
    if (!own.empty()) object["limits"] = std::move(own);
  };
  out.describe = [](const namespace_section&, const std::string& path, std::vector<schema::row>& rows) {
    rows.push_back({path, "object", "{}", "as under `limits`",
                    "limits of its own; not `frame_bytes`, `namespaces`, `handshakes`, `http_body_bytes`, "
                    "`connections_per_address`, `handshakes_per_address_per_s` and `replays`, which are the "
                    "node's"});
  };
  return out;
}

schema::type_ptr<namespace_section> section_schema(const limits& of_node) {
  auto fields = section_fields();
  fields.push_back(own_limits(of_node));
  return schema::object<namespace_section>(std::move(fields));
}

void read_namespaces(const json& from, node_config& to, const std::string& path, schema::problems& wrong) {
  if (!from.is_object()) return wrong.add(path, "must be an object, is " + schema::type_of(from));
  auto kind = section_schema(to.bounds);
  for (auto& [name, value] : from.items()) {
    auto where = schema::join(path, name);
    if (auto bad = check_namespace_name(name); !bad.empty()) {
      wrong.add(where, bad);
      continue;
    }
    auto [entry, added] = to.namespaces.try_emplace(name);
    if (added) entry->second.bounds = to.bounds;
    kind->read(value, entry->second, where, wrong);
  }
}

} // namespace

schema::field<node_config> namespaces_field() {
  schema::field<node_config> out;
  out.key = "namespaces";
  out.read = read_namespaces;
  out.print = [](const node_config& what, json& object) {
    auto kind = section_schema(what.bounds);
    auto all = json::object();
    for (auto& [name, section] : what.namespaces) all[name] = kind->print(section);
    object["namespaces"] = std::move(all);
  };
  out.describe = [](const node_config& initial, const std::string& path, std::vector<schema::row>& rows) {
    section_schema(initial.bounds)->describe(schema::join(path, "NAME"), {}, "", rows);
  };
  return out;
}

} // namespace weir
