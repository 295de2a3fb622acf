#pragma once

#include "actors/core/refusal.hpp"
#include "actors/messages/models.hpp"

#include <string>
#include <variant>
#include <vector>

namespace weir {

/// The body of the request for a streamed answer. Bytes that are no UTF-8 are replaced by U+FFFD. A refusal:
/// a tool's parameters, or the format of the response, are no JSON object.
std::variant<std::string, refusal> openai_request_body(const std::string& model,
                                                       const std::vector<chat_message>& messages,
                                                       const std::vector<tool_spec>& tools = {},
                                                       const model_options& options = {});

} // namespace weir
