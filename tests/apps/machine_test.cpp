#include "apps/weir/machine.hpp"

#include "tests/support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>

#include <sys/resource.h>

using namespace weir;

namespace {

constexpr std::uint64_t gib = 1ULL << 30;

class fake_machine : public test::temp_folder {
public:
  std::string root() const { return path().string(); }

  void write(const std::string& file, const std::string& text) const {
    std::filesystem::path where{root() + file};
    std::filesystem::create_directories(where.parent_path());
    std::ofstream{where} << text << '\n';
  }
};

} // namespace

TEST_CASE("a process has the least that its machine and its groups have for it") {
  fake_machine machine;
  CHECK(memory_for_process(machine.root(), 16 * gib) == 16 * gib);
  machine.write("/proc/self/cgroup", "0::/a/b");
  machine.write("/sys/fs/cgroup/a/b/memory.max", "max");
  CHECK(memory_for_process(machine.root(), 16 * gib) == 16 * gib);
  machine.write("/sys/fs/cgroup/a/memory.max", std::to_string(2 * gib));
  CHECK(memory_for_process(machine.root(), 16 * gib) == 2 * gib);
  machine.write("/sys/fs/cgroup/a/b/memory.max", std::to_string(gib));
  CHECK(memory_for_process(machine.root(), 16 * gib) == gib);
}

TEST_CASE("the groups of an older kernel, and of a container that sees itself as the root, count too") {
  fake_machine machine;
  machine.write("/proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/docker/1");
  machine.write("/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", std::to_string(3 * gib));
  CHECK(memory_for_process(machine.root(), 16 * gib) == 3 * gib);
  fake_machine container;
  container.write("/proc/self/cgroup", "0::/");
  container.write("/sys/fs/cgroup/memory.max", std::to_string(gib));
  CHECK(memory_for_process(container.root(), 16 * gib) == gib);
}

TEST_CASE("the machine itself has memory and a file system") {
  CHECK(memory_for_process() > 64 * 1024 * 1024);
  CHECK(file_system_bytes("/") > 0);
  CHECK(file_system_bytes("/no such folder") == 0);
}

TEST_CASE("clients get most of the descriptors, and never all") {
  CHECK(descriptors_for_clients(1'000'000, 40) == 1'000'000 - 1024 - 40);
  CHECK(descriptors_for_clients(1024, 40) == 1024 - 128 - 40);
  CHECK(descriptors_for_clients(400, 40) == 400 - 64 - 40);
  CHECK(descriptors_for_clients(100, 40) == 50);
}

TEST_CASE("the soft limit of descriptors is raised to the hard one") {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  auto low = before;
  low.rlim_cur = before.rlim_max / 2;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  CHECK(raise_descriptor_limit() == before.rlim_max);
  rlimit after{};
  getrlimit(RLIMIT_NOFILE, &after);
  CHECK(after.rlim_cur == before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK(open_descriptors() >= 3);
}
