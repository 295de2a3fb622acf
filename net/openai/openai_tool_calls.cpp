#include "net/openai/openai_tool_calls.hpp"

namespace weir {

std::string openai_tool_calls::add(const tool_call_piece& x) {
  auto at = find(x);
  return at ? go_on(calls_[*at], x) : begin(x);
}

std::string openai_tool_calls::finish() {
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    auto& x = calls_[i];
    if (x.name.empty()) return "tool call " + std::to_string(i) + " has no name";
    if (x.arguments.empty()) x.arguments = "{}";
    if (x.id.empty() || is_taken(x.id, i)) x.id = id_prefix_ + std::to_string(i);
    while (is_taken(x.id, i)) x.id += '_';
  }
  return {};
}

// The call that a piece goes on with: the last one of its index, unless that has another id; without an index
// the one of its id; without either the last one of all, unless the piece brings a name.
std::optional<std::size_t> openai_tool_calls::find(const tool_call_piece& x) const {
  if (!x.index && x.id.empty() && !x.name.empty()) return std::nullopt;
  for (auto i = calls_.size(); i-- > 0;) {
    auto& id = calls_[i].id;
    if (x.index && indices_[i] == x.index) {
      auto is_other = !x.id.empty() && !id.empty() && x.id != id;
      return is_other ? std::nullopt : std::optional{i};
    }
    if (!x.index && (x.id.empty() || x.id == id)) return i;
  }
  return std::nullopt;
}

std::string openai_tool_calls::begin(const tool_call_piece& x) {
  if (calls_.size() >= max_calls) return "more than " + std::to_string(max_calls) + " tool calls";
  if (x.name.empty() && x.id.empty() && !x.index) return "a piece of a tool call that has not begun";
  indices_.push_back(x.index);
  calls_.emplace_back();
  return go_on(calls_.back(), x);
}

std::string openai_tool_calls::go_on(tool_call& call, const tool_call_piece& x) {
  if (x.name.size() > max_name_bytes || x.id.size() > max_name_bytes)
    return "a tool call's name or id of more than " + std::to_string(max_name_bytes) + " bytes";
  if (!call.name.empty() && !x.name.empty() && call.name != x.name) return "a tool call that has two names";
  if (call.name.empty()) call.name = x.name;
  if (call.id.empty()) call.id = x.id;
  if (call.arguments.size() + x.arguments.size() > max_arguments_bytes)
    return "arguments of a tool call of more than " + std::to_string(max_arguments_bytes) + " bytes";
  call.arguments += x.arguments;
  return {};
}

bool openai_tool_calls::is_taken(const std::string& id, std::size_t before) const {
  for (std::size_t i = 0; i < before; ++i)
    if (calls_[i].id == id) return true;
  return false;
}

} // namespace weir
