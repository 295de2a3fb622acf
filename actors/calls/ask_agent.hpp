#pragma once

#include "actors/messages/runs.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/message.hpp>

#include <chrono>
#include <functional>

namespace weir {

/// Why an agent gave no answer, by the error of the request: it has failed and is left alone (503), or it
/// ended with the call in hand.
refusal agent_lost(const std::string& agent, const caf::error& why);

/// Why a call that is a dead letter has no answer.
refusal dead_letter_of(const std::string& agent, const std::string& why);

/// Asks an agent by its door. One that is just ending has not begun with what it bounces: it is asked again,
/// by then its successor, a few times.
/// @param timeout of one attempt.
/// @param what an `agent_call`; shared by the attempts.
void ask_agent(caf::event_based_actor* self, const caf::actor& door, caf::timespan timeout, caf::message what,
               std::function<void(agent_reply&)> then, std::function<void(const caf::error&)> failed,
               std::uint32_t attempt = 1);

} // namespace weir
