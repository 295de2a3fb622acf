#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Reads a stream of server-sent events (WHATWG HTML, section 9.2) as it arrives: cut anywhere, with any of
/// the three line ends. Gives the data of each event; names, ids and comments are skipped.
///
/// Two lines that are no data for the standard are data here, because servers tell of errors in mid-stream by
/// them: llama.cpp's `error: {…}`, taken for `data: {"error":{…}}`, and a bare `{…}`, as Ollama sends it.
/// Plain.
class sse_parser {
public:
  struct limits {
    std::size_t line_bytes = 256 * 1024;
    std::size_t event_bytes = 1024 * 1024; ///< The data of one event, all its lines.
  };

  enum class status { ok, line_too_long, event_too_long };

  sse_parser() = default;
  explicit sse_parser(limits bounds) : limits_(bounds) {}

  /// Adds the data of each event that has become whole to `events`. After anything but `ok` the stream cannot
  /// be read on.
  status feed(std::string_view bytes, std::vector<std::string>& events);

  /// The stream has ended: an event that lacks only the empty line after it counts. The standard drops it,
  /// but there are servers that do not send that line.
  status finish(std::vector<std::string>& events);

private:
  status end_line(std::vector<std::string>& events);

  limits limits_;
  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool after_cr_ = false; // a LF that follows belongs to the same line end
  bool first_line_ = true;
};

} // namespace weir
