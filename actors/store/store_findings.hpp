#pragma once

#include <cstdint>
#include <string>
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

} // namespace weir
