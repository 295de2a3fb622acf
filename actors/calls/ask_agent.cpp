#include "actors/calls/ask_agent.hpp"

#include "actors/core/error_text.hpp"
#include "actors/core/errors.hpp"

#include <caf/sec.hpp>

namespace weir {

namespace {

constexpr std::uint32_t max_attempts = 5;
constexpr std::chrono::milliseconds pause{20};

} // namespace

refusal agent_lost(const std::string& agent, const caf::error& why) {
  if (why == caf::sec::unavailable_or_would_block) // what its door says
    return errors::unavailable("the agent " + agent + " has failed: " + text_of(why));
  return errors::failed("the agent " + agent + " ended: " + text_of(why));
}

refusal dead_letter_of(const std::string& agent, const std::string& why) {
  return errors::dead_letter("the agent " + agent + " could not handle the call: " + why);
}

void ask_agent(caf::event_based_actor* self, const caf::actor& door, caf::timespan timeout, caf::message what,
               std::function<void(agent_reply&)> then, std::function<void(const caf::error&)> failed,
               std::uint32_t attempt) {
  auto bounced = [=](const caf::error& why) {
    if (why != caf::sec::request_receiver_down || attempt >= max_attempts) return failed(why);
    self->run_delayed(pause, [=] { ask_agent(self, door, timeout, what, then, failed, attempt + 1); });
  };
  self->request(door, timeout, what).then(then, bounced);
}

} // namespace weir
