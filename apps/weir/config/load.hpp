#pragma once

#include "actors/agents/registry.hpp"
#include "apps/weir/config/node_config.hpp"

#include <string>
#include <variant>
#include <vector>

namespace weir {

/// What is wrong with a configuration: every problem at once, one a line, each as `path: what`.
struct config_errors {
  std::vector<std::string> lines;
};

using loaded_config = std::variant<node_config, config_errors>;

/// Longest configuration that is read.
inline constexpr std::size_t max_config_bytes = 16 * 1024 * 1024;

/// Reads JSON with comments over the defaults, then each `path=value` of `sets`, in order.
/// A value is JSON; what is not is a text.
/// @param text empty: the defaults.
loaded_config parse_config(const std::string& text, const std::vector<std::string>& sets,
                           const agent_registry& kinds);

/// As `parse_config`, from a file. @param path empty: no file.
loaded_config load_config(const std::string& path, const std::vector<std::string>& sets,
                          const agent_registry& kinds);

/// What is in force, as JSON that loads to the same. Without the keys of later versions.
std::string print_config(const node_config& cfg);

/// The table of every key for the documentation, in Markdown.
std::string describe_config();

} // namespace weir
