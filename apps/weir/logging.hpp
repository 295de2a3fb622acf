#pragma once

#include "apps/weir/config/node_config.hpp"

#include <memory>
#include <string>

namespace spdlog {
class formatter;
} // namespace spdlog

namespace weir {

/// Sends the default logger to stderr, with the level and format given. CAF's own logger is left quiet.
void set_up_logging(const log_section& cfg);

/// Log lines as text. Each is one line: control characters in what others said (a model's server, a peer, an
/// agent's author) become blanks, so that they neither forge a line nor steer a terminal.
std::unique_ptr<spdlog::formatter> text_log_formatter();

/// From now on. @param level as in `log.level`.
void set_log_level(const std::string& level);

/// One log line as JSON, without the newline: `{"ts":…,"level":…,"message":…}`, with `namespace` and
/// `agent` where an agent speaks. Bytes that are not UTF-8 are replaced, so that a reader of the log never
/// meets a line that is not JSON.
/// @param ts_ms milliseconds since the Unix epoch.
std::string json_log_line(std::int64_t ts_ms, std::string level, std::string message);

} // namespace weir
