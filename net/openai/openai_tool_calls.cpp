#include "net/openai/openai_tool_calls.hpp"

#include "net/openai/json_halves.hpp"

namespace weir {

namespace {

bool begins_object(std::string_view text) {
  auto at = text.find_first_not_of(" \t\r\n");
  return at != std::string_view::npos && text[at] == '{';
}

std::string joined(const std::string& text) {
  half_joiner halves;
  auto out = halves.add(text, true);
  return out += halves.finish();
}

} // namespace

void openai_tool_calls::object_scan::add(std::string_view text) {
  for (auto c : text) {
    if (quoted) {
      if (!std::exchange(escaped, !escaped && c == '\\') && c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && depth > 0) {
      closed = --depth == 0;
    }
  }
}

// A whole object after a whole object is another call of the same function: there are servers that give both
// the same index, and the second one no name.
std::string openai_tool_calls::add(const tool_call_piece& x) {
  if (x.id.empty() && x.name.empty() && x.arguments.empty()) return {}; // says nothing
  auto at = find(x);
  if (!at) return begin(x, x.name);
  auto& that = calls_[*at];
  if (that.scan.whole() && begins_object(x.arguments))
    return begin(x, x.name.empty() ? that.what.name : x.name);
  return go_on(that, x);
}

std::string openai_tool_calls::finish() {
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    auto& x = calls_[i].what;
    if (x.name.empty()) return "tool call " + std::to_string(i) + " has no name";
    if (x.arguments.empty()) x.arguments = "{}";
    if (x.id.empty() || is_taken(x.id, i)) x.id = id_prefix_ + std::to_string(i);
    while (is_taken(x.id, i)) x.id += '_';
  }
  return {};
}

std::vector<tool_call> openai_tool_calls::take() {
  std::vector<tool_call> out;
  for (auto& x : calls_) {
    out.push_back(std::move(x.what));
    if (!x.marked) continue;
    out.back().name = joined(out.back().name);
    out.back().arguments = joined(out.back().arguments);
  }
  calls_.clear();
  return out;
}

// The call that a piece goes on with: the last one of its index, unless it begins another one; without an
// index the one of its id; without either the last one of all, unless the piece brings a name.
std::optional<std::size_t> openai_tool_calls::find(const tool_call_piece& x) const {
  if (!x.index && x.id.empty() && !x.name.empty()) return std::nullopt;
  for (auto i = calls_.size(); i-- > 0;) {
    if (x.index && calls_[i].index == x.index)
      return is_other(calls_[i], x) ? std::nullopt : std::optional{i};
    if (!x.index && (x.id.empty() || x.id == calls_[i].what.id)) return i;
  }
  return std::nullopt;
}

// A new id tells nothing without a new name, as long as the arguments are not whole: there are servers that
// make one for each piece.
bool openai_tool_calls::is_other(const call& that, const tool_call_piece& x) {
  if (x.name.empty() || (x.name == that.what.name && that.scan.depth > 0)) return false;
  if (!x.id.empty() && !that.what.id.empty()) return x.id != that.what.id;
  return !that.what.arguments.empty() && x.name != that.what.name;
}

std::string openai_tool_calls::begin(const tool_call_piece& x, const std::string& name) {
  if (calls_.size() >= max_calls) return "more than " + std::to_string(max_calls) + " tool calls";
  if (name.empty() && x.id.empty() && !x.index) return "a piece of a tool call that has not begun";
  call next;
  next.index = x.index;
  next.what.name = name;
  calls_.push_back(std::move(next));
  return go_on(calls_.back(), x);
}

std::string openai_tool_calls::go_on(call& to, const tool_call_piece& x) {
  if (auto wrong = add_name(to, x.name); !wrong.empty()) return wrong;
  if (to.what.id.empty()) to.what.id = x.id;
  if (to.what.name.size() > max_name_bytes || to.what.id.size() > max_name_bytes)
    return "a tool call's name or id of more than " + std::to_string(max_name_bytes) + " bytes";
  if (to.what.arguments.size() + x.arguments.size() > max_arguments_bytes)
    return "arguments of a tool call of more than " + std::to_string(max_arguments_bytes) + " bytes";
  to.what.arguments += x.arguments;
  to.scan.add(x.arguments);
  to.marked = to.marked || x.marked;
  return {};
}

// The same name again is a repetition; another one is the rest of it, until there are arguments.
std::string openai_tool_calls::add_name(call& to, const std::string& name) {
  if (name.empty() || name == to.what.name) return {};
  if (!to.what.arguments.empty()) return "a tool call that has two names";
  to.what.name += name;
  return {};
}

bool openai_tool_calls::is_taken(const std::string& id, std::size_t before) const {
  for (std::size_t i = 0; i < before; ++i)
    if (calls_[i].what.id == id) return true;
  return false;
}

} // namespace weir
