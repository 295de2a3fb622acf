#include "apps/weir/reload/live_config.hpp"

#include "actors/core/hash.hpp"
#include "actors/core/json_print.hpp"
#include "apps/weir/config/node_schema.hpp"

namespace weir {

namespace {

using schema::json;

/// What a section names is in it, and the models are whoever asks for them.
std::string version(const json& all, const json& section) {
  fnv1a out;
  out.add(print_json(all["limits"])).add(print_json(all["models"])).add(print_json(section));
  for (auto* kind : {"agents", "workflows"})
    if (section.contains(kind))
      for (auto& name : section[kind]) out.add(print_json(all[kind].value(name.get<std::string>(), json{})));
  return std::to_string(out.value());
}

} // namespace

void live_config::set(node_config next) {
  auto made = std::make_shared<state>();
  auto all = node_schema()->print(next);
  made->versions[""] = version(all, json::object());
  for (auto& [name, section] : all["namespaces"].items()) made->versions[name] = version(all, section);
  made->config = std::move(next);
  now_.store(std::move(made));
}

std::string live_config::version_of(const std::string& ns) const {
  auto now = now_.load();
  for (auto* section : {ns.c_str(), "*", ""})
    if (auto found = now->versions.find(section); found != now->versions.end()) return found->second;
  return {};
}

} // namespace weir
