#pragma once

#include "apps/weir/config/load.hpp"
#include "apps/weir/reload/config_changes.hpp"

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace weir {

/// What a part of the node is to do once every part has agreed. Must not fail.
using reload_step = std::function<void()>;

/// A part of a node that can take a new configuration while it runs.
struct reload_part {
  std::string name; ///< For the log.

  /// The keys that it takes, and what is below them. None: it only reads again what the configuration names.
  std::vector<std::string> keys;

  /// Gets everything ready that can fail, and changes nothing. Gives the step that changes it, or what is
  /// wrong.
  std::function<std::variant<reload_step, std::string>(const node_config& next)> prepare;
};

/// What became of a reload.
struct reload_report {
  std::vector<std::string> wrong;         ///< Why nothing was changed; empty: it was.
  std::vector<std::string> changed;       ///< Keys that are in force now.
  std::vector<std::string> needs_restart; ///< Keys that were given another value, and keep the old one.
};

/// As JSON on one line. Never holds a secret.
std::string print_report(const reload_report& what);

/// Loads a node's configuration again and gives each part what it takes: all of it, or nothing. Plain; one
/// thread.
class reloader {
public:
  /// What `load` gives is checked, and can be started with.
  using load = std::function<loaded_config()>;

  reloader(node_config running, load again, std::shared_ptr<const agent_registry> kinds)
    : running_(std::move(running)), load_(std::move(again)), kinds_(std::move(kinds)) {}

  /// Parts are asked, and changed, in the order in which they were added.
  void add(reload_part part) { parts_.push_back(std::move(part)); }

  reload_report reload();

  /// What is in force.
  const node_config& running() const noexcept { return running_; }

private:
  bool takes(const std::string& path) const;

  node_config running_;
  load load_;
  std::shared_ptr<const agent_registry> kinds_;
  std::vector<reload_part> parts_;
};

} // namespace weir
