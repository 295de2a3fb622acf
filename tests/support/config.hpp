#pragma once

#include "apps/weir/config/load.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <variant>
#include <vector>

namespace weir::test {

using lines = std::vector<std::string>;

inline loaded_config load(const std::string& text, const lines& sets = {}) {
  return parse_config(text, sets, agent_registry::with_builtins());
}

/// A configuration that is taken.
inline node_config good(const std::string& text, const lines& sets = {}) {
  auto got = load(text, sets);
  if (auto* wrong = std::get_if<config_errors>(&got))
    for (auto& x : wrong->lines) FAIL_CHECK(x);
  REQUIRE(std::holds_alternative<node_config>(got));
  return std::get<node_config>(got);
}

/// What is said of one that is not; nothing where it is taken.
inline lines bad(const std::string& text, const lines& sets = {}) {
  auto got = load(text, sets);
  auto* wrong = std::get_if<config_errors>(&got);
  return wrong != nullptr ? wrong->lines : lines{};
}

} // namespace weir::test
