// Does a node stay as small as it was while millions of events pass through it? See README.md in this folder.
#include "benchmarks/load/publisher.hpp"
#include "tests/integration/node_process.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

using namespace weir;
using namespace weir::bench;

namespace {

constexpr std::uint64_t step = 1'000'000;
constexpr std::size_t in_flight = 400; // much: only what is left behind is of interest

struct sample {
  std::uint64_t memory_kib = 0;
  double file_mib = 0; // the database, and its write-ahead log beside it
  double wal_mib = 0;
};

double size_mib(const std::filesystem::path& path) {
  std::error_code missing;
  auto size = std::filesystem::file_size(path, missing);
  return missing ? 0 : static_cast<double>(size) / (1024 * 1024);
}

sample look_at(const test::node_process& node) {
  auto file = std::filesystem::path{node.folder()} / "data" / "weir.db";
  return {node.memory_kib(), size_mib(file), size_mib(file.string() + "-wal")};
}

} // namespace

int main(int argc, char** argv) {
  auto millions = argc > 1 ? std::max(2, std::atoi(argv[1])) : 10;
  test::node_process node(unlimited("process", R"("log_events":10000,"kept_events":100000,)"));
  node.start();
  publisher load({node.port(), in_flight});
  std::printf("%9s %9s %12s %10s %9s\n", "events", "ok/s", "memory KiB", "file MiB", "WAL MiB");
  auto show = [](double events, double per_s, const sample& x) {
    std::printf("%8.0fM %9.0f %12lu %10.1f %9.1f\n", events, per_s, x.memory_kib, x.file_mib, x.wal_mib);
    std::fflush(stdout);
  };
  show(0, 0, look_at(node));
  std::vector<sample> samples;
  for (int i = 1; i <= millions; ++i) {
    latencies times;
    auto seconds = load.publish(step, times);
    samples.push_back(look_at(node));
    show(i, static_cast<double>(step) / seconds, samples.back());
  }
  auto& first = samples.front();
  auto& last = samples.back();
  std::printf("from the first million to the last: memory x %.2f, file x %.2f\n",
              static_cast<double>(last.memory_kib) / static_cast<double>(first.memory_kib),
              last.file_mib / first.file_mib);
}
