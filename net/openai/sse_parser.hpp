#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// One event of a stream.
struct sse_event {
  std::string name; ///< Of the `event` field; empty: not said.
  std::string data;
};

/// Reads a stream of server-sent events (WHATWG HTML, section 9.2) as it arrives: cut anywhere, with any of
/// the three line ends. Gives the name and the data of each event that has data; ids and comments are
/// skipped.
///
/// Two kinds of line that are no data for the standard are data here, because servers report errors in
/// mid-stream by them: llama.cpp's `error: {…}`, given as the data of an event named `error`, and a bare JSON
/// object, on one line (Ollama) or on several up to the next empty line or field (gateways). Plain.
class sse_parser {
public:
  struct limits {
    std::size_t line_bytes = 256 * 1024;
    std::size_t event_bytes = 1024 * 1024; ///< The data of one event, all its lines.
  };

  enum class status { ok, line_too_long, event_too_long };

  sse_parser() = default;
  explicit sse_parser(limits bounds) : limits_(bounds) {}

  /// Adds each event that has become whole to `events`. After anything but `ok` the stream cannot be read on.
  status feed(std::string_view bytes, std::vector<sse_event>& events);

  /// The stream has ended: an event that lacks only the empty line after it counts. The standard drops it,
  /// but there are servers that do not send that line.
  status finish(std::vector<sse_event>& events);

private:
  status end_line(std::vector<sse_event>& events);
  status add_data(std::string_view value);
  void dispatch(std::vector<sse_event>& events);

  limits limits_;
  std::string line_;
  sse_event event_;
  bool has_data_ = false;
  bool bare_ = false;     // inside of a bare JSON object
  bool after_cr_ = false; // a LF that follows belongs to the same line end
  bool first_line_ = true;
};

} // namespace weir
