#include "benchmarks/load/latencies.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

using namespace weir::bench;

TEST_CASE("small latencies are kept exactly") {
  latencies x;
  for (int i = 1; i <= 100; ++i) x.add(i);
  CHECK(x.count() == 100);
  CHECK(x.percentile(0.5) == 50);
  CHECK(x.percentile(0.99) == 99);
  CHECK(x.percentile(0.001) == 1);
  CHECK(x.percentile(1) == 100);
}

TEST_CASE("any latency comes back within one percent") {
  std::mt19937_64 random{7};
  for (int bits = 1; bits < 63; ++bits)
    for (int i = 0; i < 200; ++i) {
      auto value = static_cast<std::int64_t>(random() >> (64 - bits));
      latencies x;
      x.add(value);
      x.add(std::numeric_limits<std::int64_t>::max()); // so that the first is not the largest
      auto back = static_cast<double>(x.percentile(0.5));
      INFO(value);
      CHECK(std::abs(back - static_cast<double>(value)) <= 0.01 * static_cast<double>(value));
    }
}

TEST_CASE("percentiles of many latencies are those of the sorted list") {
  std::mt19937_64 random{3};
  std::lognormal_distribution<double> ns{14, 2};
  std::vector<std::int64_t> all;
  latencies x;
  for (int i = 0; i < 20'000; ++i) x.add(all.emplace_back(static_cast<std::int64_t>(ns(random))));
  std::sort(all.begin(), all.end());
  for (auto share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    auto exact = static_cast<double>(all[static_cast<std::size_t>(std::ceil(share * 20'000)) - 1]);
    INFO(share);
    CHECK(std::abs(static_cast<double>(x.percentile(share)) - exact) <= 0.01 * exact);
  }
  CHECK(x.max() == all.back());
}

TEST_CASE("latencies of two runs can be taken together") {
  latencies x, y, none;
  for (int i = 0; i < 10; ++i) x.add(10);
  for (int i = 0; i < 10; ++i) y.add(100'000);
  y.merge(x);
  y.merge(none);
  none.merge(y);
  CHECK(none.count() == 20);
  CHECK(none.percentile(0.5) == 10);
  CHECK(none.max() == 100'000);
}

TEST_CASE("no latencies have no percentiles, and one in the past counts as none") {
  latencies x;
  CHECK(x.percentile(0.99) == 0);
  x.add(-5);
  CHECK(x.percentile(0.5) == 0);
  CHECK(x.count() == 1);
}
