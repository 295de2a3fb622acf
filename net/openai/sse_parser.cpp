#include "net/openai/sse_parser.hpp"

#include <utility>

namespace weir {

namespace {

struct field {
  std::string_view name; // empty: a comment
  std::string_view value;
};

field field_of(std::string_view line) {
  auto colon = line.find(':');
  if (colon == std::string_view::npos) return {line, {}};
  auto value = line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  return {line.substr(0, colon), value};
}

bool is_known(std::string_view name) {
  return name.empty() || name == "data" || name == "event" || name == "id" || name == "retry"
         || name == "error";
}

bool begins_json(std::string_view line) { return line.front() == '{' || line.substr(0, 2) == "[{"; }

} // namespace

sse_parser::status sse_parser::feed(std::string_view bytes, std::vector<sse_event>& events) {
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    auto end = bytes.find_first_of("\r\n");
    auto part = bytes.substr(0, end);
    if (line_.size() + part.size() > limits_.line_bytes) return status::line_too_long;
    line_ += part;
    if (end == std::string_view::npos) return status::ok;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (auto result = end_line(events); result != status::ok) return result;
  }
  return status::ok;
}

sse_parser::status sse_parser::finish(std::vector<sse_event>& events) {
  if (!line_.empty())
    if (auto result = end_line(events); result != status::ok) return result;
  return end_line(events);
}

sse_parser::status sse_parser::end_line(std::vector<sse_event>& events) {
  auto line = std::exchange(line_, {});
  if (std::exchange(first_line_, false) && line.compare(0, 3, "\xEF\xBB\xBF") == 0) line.erase(0, 3);
  if (line.empty()) {
    dispatch(events);
    return status::ok;
  }
  auto [name, value] = field_of(line);
  if (bare_ && is_known(name)) dispatch(events); // the server went on as if nothing had been
  if (bare_ || begins_json(line)) {
    if (!bare_ && has_data_) dispatch(events);
    bare_ = true;
    return add_data(line);
  }
  if (name == "event") event_.name = value;
  if (name == "error") event_.name = name;
  return name == "data" || name == "error" ? add_data(value) : status::ok;
}

sse_parser::status sse_parser::add_data(std::string_view value) {
  if (event_.data.size() + value.size() + 1 > limits_.event_bytes) return status::event_too_long;
  if (std::exchange(has_data_, true)) event_.data += '\n';
  event_.data += value;
  return status::ok;
}

void sse_parser::dispatch(std::vector<sse_event>& events) {
  auto event = std::exchange(event_, {});
  bare_ = false;
  if (std::exchange(has_data_, false)) events.push_back(std::move(event));
}

} // namespace weir
