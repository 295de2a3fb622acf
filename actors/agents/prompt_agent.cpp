#include "actors/agents/prompt_agent.hpp"

#include "actors/agents/agent_host.hpp"
#include "actors/core/json_text.hpp"
#include "actors/event/pattern.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace weir {

prompt_agent::prompt_agent(const agent_config& cfg)
  : client_id_(agent_host::client_id_of(cfg.name)), prompt_(cfg.prompt) {}

void prompt_agent::on_event(const event& what, task job) {
  if (what.client_id == client_id_) return; // its patterns match what it emits: it does not answer itself
  auto matching = std::find_if(prompt_.on.begin(), prompt_.on.end(),
                               [&what](const std::string& pattern) { return matches(pattern, what.type); });
  if (matching == prompt_.on.end()) return;
  auto subject = fill_subject(prompt_.emit, *matching, what.type);
  job.recall(
      {what.type, subject}, prompt_.memory_events,
      [this, now = what, subject, job](const std::vector<event_ptr>& earlier) mutable {
        auto what = question();
        what.messages = make_conversation(prompt_.system, client_id_, seen_by(earlier, now), now);
        auto to = now.to.empty() ? std::string{} : now.client_id; // who asked it alone is answered alone
        job.ask(std::move(what), [job, subject, to](const model_answer& got) mutable {
          nlohmann::json data = {{"text", got.text}, {"status", to_string(got.status)}};
          if (got.finish != finish_reason::none) data["finish"] = to_string(got.finish);
          if (!got.refusal_text.empty()) data["refusal"] = got.refusal_text;
          if (got.error.refused())
            data["error"] = {{"code", static_cast<int>(got.error.status)}, {"reason", got.error.reason}};
          job.emit_to(to, subject, data);
        });
      });
}

chat_question prompt_agent::question() const {
  chat_question out;
  out.model = prompt_.model;
  out.tool_rounds = prompt_.tool_rounds;
  out.options = prompt_.request;
  for (auto& x : prompt_.tools)
    out.tools.push_back(
        {x.name, x.description, nlohmann::json::parse(x.parameters), {}, x.agent, x.timeout_ms});
  return out;
}

std::vector<event_ptr> seen_by(const std::vector<event_ptr>& earlier, const event& now) {
  auto is_seen = [&now](const event_ptr& x) {
    auto there = x->client_id == now.client_id && x->to == now.to;
    auto back = x->client_id == now.to && x->to == now.client_id;
    return x->to.empty() || there || back;
  };
  std::vector<event_ptr> out;
  std::copy_if(earlier.begin(), earlier.end(), std::back_inserter(out), is_seen);
  return out;
}

std::vector<chat_message> make_conversation(const std::string& system, const std::string& agent_client_id,
                                            const std::vector<event_ptr>& earlier, const event& now) {
  std::vector<chat_message> out;
  if (!system.empty()) out.push_back({"system", system});
  for (auto& x : earlier)
    out.push_back({x->client_id == agent_client_id ? "assistant" : "user", plain_text(x->data)});
  out.push_back({"user", plain_text(now.data)});
  return out;
}

} // namespace weir
