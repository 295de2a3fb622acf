#pragma once

#include "actors/core/refusal.hpp"
#include "actors/store/redis/redis_store.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace weir {

/// What somebody who looks at a store from outside finds. Nothing in it is changed.
struct store_findings {
  static constexpr std::size_t max_problems = 1000; ///< More are only counted.

  std::vector<std::string> problems; ///< One line each, which begins with what it is about.
  std::vector<std::string> notes;    ///< What is worth knowing and no fault.
  std::uint64_t problem_count = 0;
  std::uint64_t logs = 0;
  std::uint64_t events = 0;
  std::uint64_t keys = 0;

  void add(std::string problem) {
    if (++problem_count <= max_problems) problems.push_back(std::move(problem));
  }
};

/// Looks at a store file and at what stands beside it: SQLite's own checks; whether each log has the events
/// that it says it has, and goes as far as its witness says; keys that belong to nobody; rights. The refusal
/// says why it cannot be looked at: a node has it open, it is another program's.
std::variant<store_findings, refusal> verify_sqlite_store(const std::string& path);

/// The same of a Redis: its settings, and the keys of each namespace against each other. A node may be at
/// work meanwhile: each namespace is looked at in one step.
std::variant<store_findings, refusal> verify_redis_store(const redis_config& cfg);

} // namespace weir
