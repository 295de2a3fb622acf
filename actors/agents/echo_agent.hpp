#pragma once

#include "actors/agents/agent.hpp"

namespace weir {

/// Gives back what it gets: a call's input as its output, and an event `echo.X.message` as `echo.X.reply`.
/// For trying things out, and for measuring what everything around an agent costs.
class echo_agent : public agent {
public:
  std::vector<std::string> patterns() const override { return {"echo.*.message"}; }
  std::uint32_t concurrency() const override { return 64; }
  void on_event(const event& what, task job) override;
  void on_call(const agent_call& what, task job) override;
};

} // namespace weir
