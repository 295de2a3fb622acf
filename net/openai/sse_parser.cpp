#include "net/openai/sse_parser.hpp"

#include <optional>
#include <utility>

namespace weir {

namespace {

// What a line adds to its event's data, if anything.
std::optional<std::string> data_of(const std::string& line) {
  if (line.front() == '{') return line;
  auto colon = line.find(':');
  auto name = line.substr(0, colon); // a comment has an empty one
  if (name != "data" && name != "error") return std::nullopt;
  auto value = colon == std::string::npos ? std::string{} : line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.erase(0, 1);
  if (name == "error") return "{\"error\":" + value + "}";
  return value;
}

} // namespace

sse_parser::status sse_parser::feed(std::string_view bytes, std::vector<std::string>& events) {
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

sse_parser::status sse_parser::finish(std::vector<std::string>& events) {
  if (!line_.empty())
    if (auto result = end_line(events); result != status::ok) return result;
  return end_line(events);
}

sse_parser::status sse_parser::end_line(std::vector<std::string>& events) {
  auto line = std::exchange(line_, {});
  if (std::exchange(first_line_, false) && line.compare(0, 3, "\xEF\xBB\xBF") == 0) line.erase(0, 3);
  if (line.empty()) {
    if (std::exchange(has_data_, false)) events.push_back(std::exchange(data_, {}));
    return status::ok;
  }
  auto value = data_of(line);
  if (!value) return status::ok;
  if (data_.size() + value->size() + 1 > limits_.event_bytes) return status::event_too_long;
  if (std::exchange(has_data_, true)) data_ += '\n';
  data_ += *value;
  return status::ok;
}

} // namespace weir
