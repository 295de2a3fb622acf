#pragma once

#include "actors/agents/registry.hpp"
#include "apps/weir/config/node_config.hpp"

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace weir {

/// What is wrong with a configuration: every problem at once, one a line, each as `path: what`.
struct config_errors {
  std::vector<std::string> lines;
};

using loaded_config = std::variant<node_config, config_errors>;

/// Which kinds of agents there are.
struct known_kinds {
  const agent_registry& registry;
  bool complete = true; ///< false: a plugin was refused, so a kind that is not there is no mistake.
};

/// Says so once it is known which plugins are wanted.
using kinds_of = std::function<known_kinds(const node_config&)>;

/// Longest configuration that is read.
inline constexpr std::size_t max_config_bytes = 16 * 1024 * 1024;

/// Objects and lists in each other.
inline constexpr int max_config_depth = 64;

/// Reads JSON with comments over the defaults, then each `path=value` of `sets`, in order.
/// A value is JSON; what is not is a text.
/// @param text empty: the defaults.
loaded_config parse_config(const std::string& text, const std::vector<std::string>& sets,
                           const agent_registry& kinds);

/// As above; `kinds` is asked when all keys have been read.
loaded_config parse_config(const std::string& text, const std::vector<std::string>& sets,
                           const kinds_of& kinds);

/// As `parse_config`, from a file. @param path empty: no file.
loaded_config load_config(const std::string& path, const std::vector<std::string>& sets,
                          const kinds_of& kinds);

/// What is in force, as JSON that loads to the same. Without the keys of later versions.
std::string print_config(const node_config& cfg);

/// The table of every key for the documentation, in Markdown.
std::string describe_config();

} // namespace weir
