#include "actors/agents/echo_agent.hpp"

#include "actors/event/pattern.hpp"

#include <nlohmann/json.hpp>

namespace weir {

void echo_agent::on_event(const event& what, task job) {
  job.emit(fill_subject("echo.{1}.reply", "echo.*.message", what.type), nlohmann::json::parse(what.data));
}

void echo_agent::on_call(const agent_call& what, task job) { job.reply(nlohmann::json::parse(what.input)); }

} // namespace weir
