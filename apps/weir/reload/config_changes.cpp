#include "apps/weir/reload/config_changes.hpp"

#include "actors/core/json_print.hpp"
#include "apps/weir/config/load.hpp"
#include "apps/weir/config/node_schema.hpp"

#include <algorithm>

namespace weir {

namespace {

using schema::json;

using step = std::function<void(const std::string& path, const std::vector<std::string>& keys)>;

/// Calls `each` with every path at which two documents differ, and the keys that lead there.
void compare(const json& before, const json& after, const std::string& path, std::vector<std::string>& keys,
             const step& each) {
  if (before == after) return;
  if (!before.is_object() || !after.is_object()) return each(path, keys);
  auto go = [&](const std::string& key) {
    keys.push_back(key);
    auto where = schema::join(path, key);
    if (before.contains(key) && after.contains(key))
      compare(before[key], after[key], where, keys, each);
    else
      each(where, keys);
    keys.pop_back();
  };
  for (auto& [key, value] : before.items()) go(key);
  for (auto& [key, value] : after.items())
    if (!before.contains(key)) go(key);
}

json printed(const node_config& cfg) { return node_schema()->print(cfg); }

void for_each_change(const json& before, const json& after, const step& each) {
  std::vector<std::string> keys;
  compare(before, after, "", keys, each);
}

/// Puts what is at `keys` in `from` there in `to`, or takes it away where there is nothing.
void copy(const json& from, json& to, const std::vector<std::string>& keys) {
  auto* source = &from;
  auto* target = &to;
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    source = &source->at(keys[i]);
    target = &(*target)[keys[i]];
  }
  if (source->contains(keys.back()))
    (*target)[keys.back()] = source->at(keys.back());
  else
    target->erase(keys.back());
}

} // namespace

std::vector<std::string> changed_keys(const node_config& before, const node_config& after) {
  std::vector<std::string> out;
  for_each_change(printed(before), printed(after), [&out](auto& path, auto&) { out.push_back(path); });
  auto is_url = [](const std::string& x) { return x == "store.url" || x == "store"; };
  // It is printed without its password.
  if (before.store.url != after.store.url && std::none_of(out.begin(), out.end(), is_url))
    out.push_back("store.url");
  return out;
}

bool is_below(std::string_view path, std::string_view prefix) noexcept {
  return path.substr(0, prefix.size()) == prefix
         && (path.size() == prefix.size() || path[prefix.size()] == '.');
}

std::variant<node_config, std::vector<std::string>>
merge_config(const node_config& running, const node_config& next,
             const std::function<bool(const std::string& path)>& takes, const agent_registry& kinds) {
  auto document = printed(running);
  auto wanted = printed(next);
  for_each_change(printed(running), wanted, [&](auto& path, auto& keys) {
    if (takes(path)) copy(wanted, document, keys);
  });
  auto parsed = parse_config(print_json(document), {}, [&kinds](auto&) { return known_kinds{kinds, false}; });
  if (auto* wrong = std::get_if<config_errors>(&parsed)) return wrong->lines;
  auto& out = std::get<node_config>(parsed);
  out.store = running.store;
  return std::move(out);
}

} // namespace weir
