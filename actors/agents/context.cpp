#include "actors/agents/context.hpp"

#include "actors/agents/agent_host.hpp"

namespace weir {

agent_context::agent_context(agent_host* host)
  : host_(host), log_(host->settings_.ns_name, host->settings_.name),
    metrics_(host->system(), host->settings_.ns_name, host->settings_.name) {}

const std::string& agent_context::name() const { return host_->settings_.name; }

const std::string& agent_context::ns() const { return host_->settings_.ns_name; }

const std::string& agent_context::settings() const { return host_->settings_.settings; }

std::uint64_t agent_context::every(std::int64_t ms, std::function<void(task)> what) {
  return host_->timers_->start(ms, true, host_->hops_now_, std::move(what));
}

std::uint64_t agent_context::after(std::int64_t ms, std::function<void(task)> what) {
  return host_->timers_->start(ms, false, host_->hops_now_, std::move(what));
}

void agent_context::cancel(std::uint64_t timer) { host_->timers_->cancel(timer); }

} // namespace weir
