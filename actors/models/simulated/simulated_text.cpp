#include "actors/models/simulated/simulated_text.hpp"

#include "actors/core/utf8.hpp"

#include <array>
#include <random>
#include <string_view>

namespace weir {

namespace {

constexpr std::size_t echo_code_points = 60;

constexpr std::array<std::string_view, 24> words{"water", "runs",  "over",  "the",   "wall",   "and",
                                                 "holds", "its",   "level", "while", "every",  "stream",
                                                 "that",  "comes", "down",  "from",  "hills",  "finds",
                                                 "a",     "place", "to",    "rest",  "before", "sea"};

std::string_view last_user_message(const std::vector<chat_message>& chat) {
  for (auto i = chat.rbegin(); i != chat.rend(); ++i)
    if (i->role == "user") return i->content;
  return {};
}

// FNV-1a: the same on every platform, unlike std::hash.
std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 14695981039346656037ull;
  for (auto byte : text) h = (h ^ static_cast<unsigned char>(byte)) * 1099511628211ull;
  return h;
}

std::string opening(std::string_view question) {
  auto echo = utf8::first_code_points(question, echo_code_points);
  auto more = echo.size() < question.size() ? "…" : "";
  return "You said “" + std::string{echo} + more + "”:";
}

// Drops what the assistant has already said; empty when it said something else.
std::vector<std::string> rest_of(const std::vector<std::string>& pieces, std::string_view said) {
  std::vector<std::string> rest;
  for (std::string_view piece : pieces) {
    if (!said.empty() && said.substr(0, piece.size()) == piece) {
      said.remove_prefix(piece.size());
    } else if (!said.empty()) {
      if (piece.substr(0, said.size()) != said) return {};
      rest.emplace_back(piece.substr(said.size()));
      said = {};
    } else {
      rest.emplace_back(piece);
    }
  }
  return rest;
}

} // namespace

std::vector<std::string> simulated_answer(const std::vector<chat_message>& chat, std::uint64_t seed,
                                          std::uint32_t pieces) {
  auto question = last_user_message(chat);
  std::mt19937_64 engine{seed ^ hash(question)};
  std::vector<std::string> answer;
  for (std::uint32_t i = 0; i < pieces; ++i)
    answer.push_back(i == 0 ? opening(question) : ' ' + std::string{words[engine() % words.size()]});
  return go_on_from(chat, std::move(answer));
}

std::vector<std::string> go_on_from(const std::vector<chat_message>& chat, std::vector<std::string> answer) {
  if (chat.empty() || chat.back().role != "assistant") return answer;
  auto rest = rest_of(answer, chat.back().content);
  return rest.empty() ? answer : rest;
}

} // namespace weir
