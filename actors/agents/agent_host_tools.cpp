#include "actors/agents/agent_host.hpp"
#include "actors/agents/task_state.hpp"
#include "actors/calls/agent_tool.hpp"
#include "actors/core/json_print.hpp"
#include "actors/core/one_line.hpp"
#include "actors/core/plain_name.hpp"

#include <set>
#include <stdexcept>

namespace weir {

namespace {

std::string json_text(const nlohmann::json& x) { return print_json(x); }

void check(const tool& x) {
  auto wrong = [&x](const std::string& what) { throw std::invalid_argument("tool " + x.name + ": " + what); };
  if (auto bad = check_plain_name(x.name); !bad.empty()) wrong(bad);
  if (!x.parameters.is_object()) wrong("parameters must be an object");
  if (x.timeout_ms <= 0) wrong("timeout_ms must be above 0");
  if (static_cast<bool>(x.run) != x.agent.empty()) wrong("needs one of run and agent");
}

} // namespace

struct tool_reply::state {
  state(agent_host* host, std::shared_ptr<const bool> alive, chat_tool::answer take)
    : host(host), alive(std::move(alive)), take(std::move(take)) {}

  // Later, as the agent's next step is nothing for a destructor.
  ~state() {
    if (!take || !*alive) return;
    host->run_delayed(std::chrono::milliseconds{0}, [take = std::move(take)] {
      take({"the tool gave no answer", true});
    });
  }

  void answer(tool_result what) {
    if (auto then = std::exchange(take, {})) then(std::move(what));
  }

  agent_host* host;
  std::shared_ptr<const bool> alive; ///< False once the host is gone.
  chat_tool::answer take;            ///< Empty once there was an answer.
};

void tool_reply::ok(const nlohmann::json& result) {
  state_->answer({result.is_string() ? result.get<std::string>() : json_text(result), false});
}

void tool_reply::fail(const std::string& message) { state_->answer({message, true}); }

std::vector<chat_tool> agent_host::tools_for(const std::shared_ptr<task_core>& job, std::vector<tool> tools) {
  std::set<std::string> names;
  std::vector<chat_tool> out;
  for (auto& x : tools) {
    check(x);
    if (!names.insert(x.name).second) throw std::invalid_argument("tool " + x.name + ": is there twice");
    out.push_back(tool_for(job, std::move(x)));
  }
  return out;
}

chat_tool agent_host::tool_for(const std::shared_ptr<task_core>& job, tool what) {
  tool_spec spec{what.name, what.description, json_text(what.parameters)};
  if (what.run) {
    chat_tool out{std::move(spec), what.timeout_ms, {}};
    out.run = [this, job, run = std::move(what.run)](const tool_request& call, chat_tool::answer then) {
      tool_reply reply{std::make_shared<tool_reply::state>(this, alive_, std::move(then))};
      enter(handler_kind::continuation, *job);
      try {
        run(nlohmann::json::parse(call.what.arguments), reply);
      } catch (const std::exception& wrong) {
        reply.fail(one_line(wrong.what()));
      } catch (...) {
        reply.fail("the tool failed");
      }
      leave();
      return chat_tool::stop{};
    };
    return out;
  }
  auto next_id = [job] { return job->origin + ".t" + std::to_string(++job->tools_called); };
  return make_chat_tool(*calls_, {std::move(spec), what.agent, what.timeout_ms, client_id_of(settings_.name),
                                  next_id, job->hops + 1});
}

} // namespace weir
