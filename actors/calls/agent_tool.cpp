#include "actors/calls/agent_tool.hpp"

#include "actors/core/hash.hpp"
#include "actors/core/json_text.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>

namespace weir {

namespace {

std::string hash_of(const std::string& agent, const std::string& arguments) {
  std::array<char, 16> digits{};
  auto end = std::to_chars(digits.begin(), digits.end(), fnv1a{}.add(agent).add(arguments).value(), 16).ptr;
  return {digits.begin(), end};
}

std::string text_of(const std::string& output) {
  auto x = parse_json(output);
  auto is_text = x.is_object() && x.size() == 1 && x.contains("text") && x["text"].is_string();
  return is_text ? x["text"].get<std::string>() : output;
}

} // namespace

chat_tool make_chat_tool(sub_calls& calls, agent_tool what) {
  chat_tool out;
  out.spec = what.spec;
  // The run's own deadline comes first, with what it has by then; see sub_calls for one that is lost.
  out.run = [&calls, what = std::move(what)](const tool_request& call, chat_tool::answer then) {
    call_request request;
    request.target = what.agent;
    request.client_id = what.client_id;
    request.message_id = what.next_id() + '.' + hash_of(what.agent, call.what.arguments);
    request.input = call.what.arguments;
    request.timeout_ms = what.timeout_ms;
    request.hops = what.hops;
    auto number = calls.start(std::move(request),
                              [then = std::move(then)](const run_result& got) { then(tool_result_of(got)); });
    return [&calls, number] { calls.cancel(number); };
  };
  return out;
}

tool_result tool_result_of(const run_result& got) {
  switch (got.status) {
  case run_status::complete:
  case run_status::degraded:
    return {text_of(got.output), false};
  case run_status::partial:
    return {text_of(got.output) + " [cut: " + got.error.message + ']', false};
  case run_status::cancelled:
  case run_status::failed:
    break;
  }
  return {got.error.message, true};
}

} // namespace weir
