#pragma once

#include "tests/paths.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace weir::test {

struct outcome {
  int status = -1;
  std::string out; ///< stdout, and stderr where the shell was told so.
};

inline outcome shell(const std::string& line) {
  auto* pipe = popen(line.c_str(), "r");
  REQUIRE(pipe != nullptr);
  outcome x;
  std::array<char, 4096> chunk;
  while (auto count = fread(chunk.data(), 1, chunk.size(), pipe)) x.out.append(chunk.data(), count);
  auto status = pclose(pipe);
  x.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return x;
}

/// The built binary.
inline outcome run(const std::string& arguments) {
  return shell(std::string{WEIR_BINARY_PATH} + ' ' + arguments);
}

} // namespace weir::test
