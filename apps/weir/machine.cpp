#include "apps/weir/machine.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace weir {

namespace {

constexpr std::uint64_t most = ~std::uint64_t{0};

/// A file that holds one number; anything else, as `max`, is no bound.
std::uint64_t bound_in(const std::string& path) {
  std::ifstream file{path};
  std::string text;
  std::getline(file, text);
  std::uint64_t out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end != text.data() ? out : most;
}

/// A group's bound holds for all groups below it.
std::uint64_t bound_of_group(const std::string& mount, std::string group, const char* file) {
  auto out = most;
  for (;;) {
    out = std::min(out, bound_in(mount + group + '/' + file));
    auto slash = group.rfind('/');
    if (slash == std::string::npos || group.empty()) return out;
    group.resize(slash);
  }
}

/// By `/proc/self/cgroup`, whose lines are `hierarchy:controllers:group` (cgroups(7)).
std::uint64_t bound_of_cgroup(const std::string& root) {
  auto out = most;
  std::ifstream groups{root + "/proc/self/cgroup"};
  for (std::string line; std::getline(groups, line);) {
    auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    auto controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    auto group = line.substr(second + 1);
    if (group == "/") group.clear();
    if (controllers == ",,")
      out = std::min(out, bound_of_group(root + "/sys/fs/cgroup", group, "memory.max"));
    else if (controllers.find(",memory,") != std::string::npos)
      out = std::min(out, bound_of_group(root + "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
  }
  return out;
}

std::uint64_t memory_of_machine() {
  auto pages = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size) : most;
}

} // namespace

std::uint64_t memory_for_process(const std::string& root, std::uint64_t machine_bytes) {
  return std::min(machine_bytes > 0 ? machine_bytes : memory_of_machine(), bound_of_cgroup(root));
}

std::uint64_t file_system_bytes(const std::string& folder) {
  struct statvfs found {};
  if (::statvfs(folder.c_str(), &found) != 0) return 0;
  return static_cast<std::uint64_t>(found.f_blocks) * found.f_frsize;
}

std::uint64_t raise_descriptor_limit() {
  rlimit now{};
  if (::getrlimit(RLIMIT_NOFILE, &now) != 0) return 0;
  auto wanted = now;
  wanted.rlim_cur = now.rlim_max;
  if (now.rlim_cur < now.rlim_max && ::setrlimit(RLIMIT_NOFILE, &wanted) == 0) return wanted.rlim_cur;
  return now.rlim_cur;
}

std::uint64_t descriptors_for_clients(std::uint64_t limit, std::uint64_t open_now) {
  auto reserve = std::clamp<std::uint64_t>(limit / 8, 64, 1024) + open_now;
  return limit > 2 * reserve ? limit - reserve : limit / 2;
}

std::uint64_t open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator all{"/proc/self/fd", error};
  return error ? 0 : static_cast<std::uint64_t>(std::distance(begin(all), end(all)));
}

} // namespace weir
