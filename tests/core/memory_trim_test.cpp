#include "actors/core/memory_trim.hpp"

#include <catch2/catch_test_macros.hpp>

using weir::memory_trim;

TEST_CASE("memory is handed on once enough of it was given back, and then not again") {
  constexpr std::uint64_t mib = 1024 * 1024;
  memory_trim x;
  CHECK_FALSE(x.is_due(100 * mib));
  CHECK_FALSE(x.is_due(200 * mib));
  CHECK_FALSE(x.is_due(190 * mib));
  CHECK(x.is_due(160 * mib)); // 40 below the most that there was
  CHECK_FALSE(x.is_due(150 * mib));
  CHECK(x.is_due(100 * mib));
}
