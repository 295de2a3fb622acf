#pragma once

#include "actors/agents/agent.hpp"
#include "actors/agents/config.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace weir {

/// The agent types that a node knows, by the name that the configuration calls `kind`.
class agent_registry {
public:
  using factory = std::function<std::unique_ptr<agent>(const agent_config&)>;

  /// With the types that every node has: `echo` and `prompt`.
  static agent_registry with_builtins();

  /// @returns false when the name is taken.
  bool add(const std::string& kind, factory make) { return kinds_.emplace(kind, std::move(make)).second; }

  /// Registers a type with a default constructor.
  template <class T>
  bool add(const std::string& kind) {
    return add(kind, [](const agent_config&) { return std::make_unique<T>(); });
  }

  bool knows(const std::string& kind) const { return kinds_.count(kind) > 0; }

  /// Makes an agent of a known kind.
  std::unique_ptr<agent> make(const agent_config& cfg) const { return kinds_.at(cfg.kind)(cfg); }

private:
  std::map<std::string, factory, std::less<>> kinds_;
};

} // namespace weir
