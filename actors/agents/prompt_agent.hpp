#pragma once

#include "actors/agents/agent.hpp"
#include "actors/agents/config.hpp"

#include <string>
#include <vector>

namespace weir {

/// An agent that is configuration only: it answers each event of its patterns with a model's text, reminded
/// of what was said on the same subject before. Its calls are taken by runs, which ask the model themselves.
///
/// Emits `{"text", "status"}`, and `error` with code and reason where the model gave nothing. An event for
/// one client is answered to its sender alone, and no other conversation is reminded of it.
class prompt_agent : public agent {
public:
  explicit prompt_agent(const agent_config& cfg);

  std::vector<std::string> patterns() const override { return prompt_.on; }
  std::uint32_t concurrency() const override { return prompt_.concurrency; }
  void on_event(const event& what, task job) override;

private:
  chat_question question() const;

  std::string client_id_;
  prompt_config prompt_;
};

/// Of the earlier events those that whoever takes part in this one may see.
std::vector<event_ptr> seen_by(const std::vector<event_ptr>& earlier, const event& now);

/// What a model is shown for an event: the earlier ones of its subject, the agent's own as the assistant's.
std::vector<chat_message> make_conversation(const std::string& system, const std::string& agent_client_id,
                                            const std::vector<event_ptr>& earlier, const event& now);

} // namespace weir
