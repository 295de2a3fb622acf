#pragma once

#include "actors/agents/agent.hpp"
#include "actors/agents/config.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace weir {

/// The agent types that a node knows, by the name that the configuration calls `kind`.
class agent_registry {
public:
  using factory = std::function<std::unique_ptr<agent>(const agent_config&)>;

  /// With the types that every node has: `echo` and `prompt`.
  static agent_registry with_builtins();

  /// @returns false when the name is taken: then nothing changes, but the name is among `refused`.
  bool add(const std::string& kind, factory make);

  /// Registers a type that is made from its `const agent_config&`, or else by its default constructor.
  template <class T>
  bool add(const std::string& kind) {
    return add(kind, [](const agent_config& cfg) -> std::unique_ptr<agent> {
      if constexpr (std::is_constructible_v<T, const agent_config&>)
        return std::make_unique<T>(cfg);
      else
        return std::make_unique<T>();
    });
  }

  /// The names that were taken when they were to be added.
  const std::vector<std::string>& refused() const noexcept { return refused_; }

  /// Takes all kinds of another one, or, where a name is taken here, none. @returns the names that are taken.
  std::vector<std::string> take(const agent_registry& other);

  bool knows(const std::string& kind) const { return kinds_.count(kind) > 0; }

  /// Makes an agent of a known kind.
  std::unique_ptr<agent> make(const agent_config& cfg) const { return kinds_.at(cfg.kind)(cfg); }

private:
  std::map<std::string, factory, std::less<>> kinds_;
  std::vector<std::string> refused_;
};

} // namespace weir
