#pragma once

#include "actors/messages/models.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// What the simulated model says to a chat: exactly `pieces` pieces, which depend on the seed and on the last
/// user message only. When the chat ends with a beginning of that answer by the assistant, what is left of
/// it.
std::vector<std::string> simulated_answer(const std::vector<chat_message>& chat, std::uint64_t seed,
                                          std::uint32_t pieces);

/// What is left of an answer when the chat ends with a beginning of it by the assistant; else all of it.
std::vector<std::string> go_on_from(const std::vector<chat_message>& chat, std::vector<std::string> answer);

} // namespace weir
