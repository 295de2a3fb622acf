#pragma once

#include "actors/runs/messages.hpp"

#include <caf/event_based_actor.hpp>

#include <chrono>
#include <functional>

namespace weir {

/// Asks an agent by its door. One that is just ending has not begun with what it bounces: it is asked again,
/// by then its successor, a few times.
/// @param timeout of one attempt.
void ask_agent(caf::event_based_actor* self, const caf::actor& door, caf::timespan timeout, agent_call what,
               std::function<void(agent_reply&)> then, std::function<void(const caf::error&)> failed,
               std::uint32_t attempt = 1);

} // namespace weir
