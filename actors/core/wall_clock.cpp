#include "actors/core/wall_clock.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>

namespace weir {

namespace {

using namespace std::chrono;

constexpr std::int64_t read_every_ms = 10;

std::int64_t test_offset_ms(const char* path) {
  static std::atomic<std::int64_t> offset_ms{0};
  static std::atomic<std::int64_t> read_at_ms{0};
  auto now = duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
  auto last = read_at_ms.load();
  if (now - last < read_every_ms || !read_at_ms.compare_exchange_strong(last, now)) return offset_ms;
  std::int64_t found = 0;
  if (std::ifstream{path} >> found) offset_ms = found;
  return offset_ms;
}

} // namespace

std::int64_t wall_clock_ms() {
  static const char* const test_file = std::getenv("WEIR_TEST_CLOCK_OFFSET_FILE");
  auto out = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  return test_file == nullptr ? out : out + test_offset_ms(test_file);
}

} // namespace weir
