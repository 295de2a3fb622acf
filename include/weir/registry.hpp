#pragma once

// Agent types by name.

#include "weir/agent_class.hpp"
#include "weir/agent_config.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace weir {

/// The agent types that a node knows, by the name that the configuration calls `kind`. Filled before the node
/// starts, then only read; not thread-safe while it is filled.
class agent_registry {
public:
  using factory = std::function<std::unique_ptr<agent>(const agent_config&)>;

  /// With the types that every node has: `echo` and `prompt`.
  static agent_registry with_builtins();

  /// Registers a factory, which may run on any thread. @returns false if the name is taken: nothing changes
  /// then, but the name is among `refused`.
  bool add(const std::string& kind, factory make);

  /// Registers a type. It is constructed from a `const agent_config&` if it can be, else by default.
  template <class T>
  bool add(const std::string& kind) {
    return add(kind, [](const agent_config& cfg) -> std::unique_ptr<agent> {
      if constexpr (std::is_constructible_v<T, const agent_config&>)
        return std::make_unique<T>(cfg);
      else
        return std::make_unique<T>();
    });
  }

  /// The names that could not be added because they were taken.
  const std::vector<std::string>& refused() const noexcept { return refused_; }

  /// Adds all kinds of another registry, or none if a name is taken. @returns the names that are taken.
  std::vector<std::string> take(const agent_registry& other);

  bool knows(const std::string& kind) const { return kinds_.count(kind) > 0; }

  /// Makes an agent. @throws std::out_of_range for a kind that is not known, and what the factory throws.
  std::unique_ptr<agent> make(const agent_config& cfg) const { return kinds_.at(cfg.kind)(cfg); }

private:
  std::map<std::string, factory, std::less<>> kinds_;
  std::vector<std::string> refused_;
};

} // namespace weir
