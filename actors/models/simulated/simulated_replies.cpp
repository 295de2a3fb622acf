#include "actors/models/simulated/simulated_replies.hpp"

#include "actors/core/utf8.hpp"

#include <algorithm>

namespace weir {

namespace {

bool contains(const chat_message& x, const std::string& text) {
  return x.content.find(text) != std::string::npos;
}

bool occurs_in(const std::string& text, const std::vector<chat_message>& chat) {
  auto is_said = [](const chat_message& x) { return x.role == "user" || x.role == "tool"; };
  auto last = std::find_if(chat.rbegin(), chat.rend(), is_said);
  if (last != chat.rend() && contains(*last, text)) return true;
  auto is_told = [&text](const chat_message& x) { return x.role == "system" && contains(x, text); };
  return text.empty() || std::any_of(chat.begin(), chat.end(), is_told);
}

bool offers_tool(const model_request& what, const std::string& name) {
  auto is_it = [&name](const tool_spec& x) { return x.name == name; };
  auto has_result = !what.messages.empty() && what.messages.back().role == "tool";
  return !has_result && std::any_of(what.tools.begin(), what.tools.end(), is_it);
}

} // namespace

const simulated_reply* matching_reply(const std::vector<simulated_reply>& replies,
                                      const model_request& what) {
  for (auto& x : replies)
    if (occurs_in(x.contains, what.messages) && (x.tool.empty() || offers_tool(what, x.tool))) return &x;
  return nullptr;
}

tool_call call_of(const simulated_reply& reply, const model_request& what) {
  std::size_t earlier = 0;
  for (auto& x : what.messages) earlier += x.tool_calls.size();
  return {"call_" + std::to_string(earlier + 1), reply.tool, reply.arguments};
}

std::vector<std::string> pieces_of(const std::string& text, std::size_t pieces) {
  auto total = utf8::code_points(text);
  auto count = std::min<std::size_t>(std::max<std::size_t>(pieces, 1), total);
  std::vector<std::string> out;
  std::string_view rest = text;
  for (std::size_t i = 0; i < count; ++i) {
    auto size = total * (i + 1) / count - total * i / count;
    auto piece = utf8::first_code_points(rest, size);
    out.emplace_back(piece);
    rest.remove_prefix(piece.size());
  }
  return out;
}

} // namespace weir
