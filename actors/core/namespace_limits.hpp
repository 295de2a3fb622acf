#pragma once

#include "actors/core/limits.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

/// The limits of a node, and those of the namespaces that have their own. Plain; does not change.
class namespace_limits {
public:
  namespace_limits() = default;

  /// @param own by name; `*` stands for every namespace that is not named.
  explicit namespace_limits(const limits& of_node, std::map<std::string, limits, std::less<>> own = {})
    : node_(of_node), own_(std::move(own)) {}

  const limits& of_node() const noexcept { return node_; }

  const limits& of(std::string_view ns) const {
    auto found = own_.find(ns);
    if (found == own_.end()) found = own_.find("*");
    return found == own_.end() ? node_ : found->second;
  }

private:
  limits node_;
  std::map<std::string, limits, std::less<>> own_;
};

} // namespace weir
