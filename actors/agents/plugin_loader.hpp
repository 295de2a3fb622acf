#pragma once

#include "actors/agents/registry.hpp"

#include <string>
#include <vector>

namespace weir {

/// What became of the plugins of a configuration.
struct plugin_report {
  std::vector<std::string> loaded;  ///< A line each, for the log.
  std::vector<std::string> refused; ///< As above: the file, and why.
};

/// Opens shared objects and has them add their agents' kinds to `kinds`. One that cannot be taken changes
/// nothing and is in the report; the others are taken. What has been opened stays open: its code may be in
/// use until the process ends.
/// @param names as in `plugins`: see `plugin_path`.
/// @param folder of the configuration file; empty: the working folder.
plugin_report load_plugins(const std::vector<std::string>& names, const std::string& folder,
                           agent_registry& kinds);

/// What `dlopen` is asked for: a path as it is, if it is absolute, else from `folder` on. A name without a
/// slash that is no file there is left to the dynamic linker, which looks at LD_LIBRARY_PATH and the system's
/// folders.
std::string plugin_path(const std::string& name, const std::string& folder);

} // namespace weir
