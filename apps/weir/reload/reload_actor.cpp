#include "apps/weir/reload/reload_actor.hpp"

#include "actors/messages/namespace.hpp"
#include "actors/messages/type_ids.hpp"

#include <caf/event_based_actor.hpp>
#include <spdlog/spdlog.h>

#include <string_view>

namespace weir {

namespace {

std::string joined(const std::vector<std::string>& lines, std::string_view between) {
  std::string out;
  for (auto& x : lines) out.append(out.empty() ? "" : between).append(x);
  return out;
}

void log(const reload_report& what) {
  if (!what.wrong.empty())
    return spdlog::error("reload.refused, nothing is changed: {}", joined(what.wrong, "; "));
  spdlog::info("reload.done: {}", what.changed.empty() ? "no key has changed" : joined(what.changed, ", "));
  if (!what.needs_restart.empty())
    spdlog::warn("reload.needs_restart, these keep their values until then: {}",
                 joined(what.needs_restart, ", "));
}

} // namespace

caf::actor spawn_reloader(caf::actor_system& sys, std::shared_ptr<reloader> what) {
  return sys.spawn<caf::detached>([what = std::move(what)](caf::event_based_actor*) -> caf::behavior {
    return {[what](const admin_query&) -> admin_answer {
      auto report = what->reload();
      log(report);
      if (report.wrong.empty()) return {{}, print_report(report)};
      return {
          {code::bad_request, "bad_config", "nothing is changed: " + joined(report.wrong, "; "), 0, {}, 0, 0},
          {}};
    }};
  });
}

} // namespace weir
