#include "benchmarks/load/generator/server_usage.hpp"

#include <fstream>
#include <sstream>

#include <unistd.h>

namespace weir::bench {

namespace {

/// The number after `name` in a file of `/proc`; 0 where there is none.
std::uint64_t field(const std::string& path, const std::string& name) {
  std::ifstream in(path);
  std::string word;
  std::uint64_t out = 0;
  while (in >> word)
    if (word == name && in >> out) return out;
  return 0;
}

/// Pages of TCP buffers.
std::uint64_t tcp_pages() {
  std::ifstream in("/proc/net/sockstat");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("TCP:")) continue;
    std::istringstream words(line);
    std::uint64_t out = 0;
    for (std::string word; words >> word;)
      if (word == "mem" && words >> out) return out;
  }
  return 0;
}

void add_stat(const std::string& folder, server_usage& out) {
  std::ifstream in(folder + "stat");
  std::string text;
  std::getline(in, text);
  auto after_name = text.rfind(')');
  if (after_name == std::string::npos) return;
  std::istringstream words(text.substr(after_name + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) words >> skipped; // proc(5): utime is the 14th, threads the 20th
  std::uint64_t user = 0, system = 0, threads = 0;
  words >> user >> system;
  for (int i = 16; i < 20; ++i) words >> skipped;
  words >> threads;
  out.cpu_s += static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  out.user_cpu_s += static_cast<double>(user) / static_cast<double>(sysconf(_SC_CLK_TCK));
  out.threads += threads;
}

} // namespace

server_usage read_usage(const std::vector<pid_t>& servers) {
  server_usage out;
  for (auto pid : servers) {
    auto folder = "/proc/" + std::to_string(pid) + '/';
    add_stat(folder, out);
    out.rss_bytes += field(folder + "smaps_rollup", "Rss:") * 1024;
    out.user_bytes += field(folder + "smaps_rollup", "Pss_Anon:") * 1024;
  }
  out.tcp_bytes = tcp_pages() * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  out.slab_bytes = field("/proc/meminfo", "Slab:") * 1024;
  return out;
}

} // namespace weir::bench
