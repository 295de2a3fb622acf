#include "actors/agents/agent.hpp"

#include <stdexcept>

namespace weir {

// Out of the header, so that a node and its plugins share one vtable and one type_info.
agent::~agent() = default;

std::vector<std::string> agent::patterns() const { return {}; }

std::uint32_t agent::concurrency() const { return 1; }

bool agent::blocking() const { return false; }

void agent::on_start() {}

void agent::on_event(const event&, task) {}

void agent::on_call(const agent_call&, task job) { job.fail("this agent takes no calls"); }

agent_context& agent::context() const {
  if (!context_) throw std::logic_error("an agent has no context before on_start");
  return *context_;
}

} // namespace weir
