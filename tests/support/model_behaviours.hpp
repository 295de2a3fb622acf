#pragma once

#include "actors/messages/runs.hpp"
#include "tests/support/model_server.hpp"

#include <string>
#include <vector>

namespace weir::test {

/// Something that a model server does, and what a call with one retry and no fallback comes to by it.
struct model_behaviour {
  std::string what;
  std::vector<server_reply> replies; ///< The last one again and again.
  run_status status = run_status::complete;
  std::uint32_t attempts = 1;
  std::string text = {};
  std::string error = {};                     ///< Found in the error's message.
  std::string tools = {};                     ///< The tool calls' names and arguments.
  finish_reason finish = finish_reason::none; ///< `none`: as is usual for the rest of the row.
};

/// All that the test server can be told, once its connection stands. The time of a call is `deadline_ms`;
/// `key` is repeated by servers that are indiscreet.
std::vector<model_behaviour> model_behaviours(std::int64_t deadline_ms, const std::string& key);

} // namespace weir::test
