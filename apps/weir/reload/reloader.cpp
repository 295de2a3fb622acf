#include "apps/weir/reload/reloader.hpp"

#include "actors/core/json_print.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <exception>

namespace weir {

namespace {

reload_report refused(std::vector<std::string> lines) { return {std::move(lines), {}, {}}; }

std::variant<reload_step, std::string> prepare(const reload_part& part, const node_config& next) {
  try {
    return part.prepare(next);
  } catch (const std::exception& error) {
    return part.name + ": " + error.what();
  }
}

} // namespace

std::string print_report(const reload_report& what) {
  nlohmann::ordered_json out = {{"changed", what.changed}, {"needs_restart", what.needs_restart}};
  return print_json(out);
}

bool reloader::takes(const std::string& path) const {
  for (auto& part : parts_)
    for (auto& key : part.keys)
      if (is_below(path, key)) return true;
  return false;
}

reload_report reloader::reload() {
  auto loaded = load_();
  if (auto* wrong = std::get_if<config_errors>(&loaded)) return refused(std::move(wrong->lines));
  auto& wanted = std::get<node_config>(loaded);
  auto merged = merge_config(
      running_, wanted, [this](auto& path) { return takes(path); }, *kinds_);
  if (auto* wrong = std::get_if<std::vector<std::string>>(&merged)) return refused(std::move(*wrong));
  auto& next = std::get<node_config>(merged);
  std::vector<reload_step> steps;
  std::vector<std::string> wrong;
  for (auto& part : parts_) {
    auto got = prepare(part, next);
    if (auto* why = std::get_if<std::string>(&got))
      wrong.push_back(std::move(*why));
    else
      steps.push_back(std::get<reload_step>(std::move(got)));
  }
  if (!wrong.empty()) return refused(std::move(wrong));
  reload_report out;
  for (auto& key : changed_keys(running_, wanted))
    (takes(key) ? out.changed : out.needs_restart).push_back(key);
  for (auto& step : steps) step();
  running_ = std::move(next);
  return out;
}

} // namespace weir
