#pragma once

#include "actors/messages/models.hpp"
#include "actors/models/config.hpp"

#include <string>
#include <vector>

namespace weir {

/// The first reply that matches the request; null: none. One that asks for a tool only matches a request that
/// offers a tool of that name and does not end with a tool's result, which the model has to answer.
const simulated_reply* matching_reply(const std::vector<simulated_reply>& replies, const model_request& what);

/// The call of the reply's tool. Its id is one that no earlier call of the chat has.
tool_call call_of(const simulated_reply& reply, const model_request& what);

/// `text` in so many pieces, as even as can be and none cut inside a code point; fewer when it has fewer code
/// points.
std::vector<std::string> pieces_of(const std::string& text, std::size_t pieces);

} // namespace weir
