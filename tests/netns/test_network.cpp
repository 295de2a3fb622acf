#include "tests/netns/test_network.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace weir::test {

namespace {

using clock = std::chrono::steady_clock;
using packet = std::vector<char>;

constexpr std::size_t max_hosts = 9;
constexpr std::size_t max_late =
    20'000; // packets that wait; above it the newest is lost, as in a real switch

void run(const std::string& command) {
  if (std::system((command + " 2>/dev/null").c_str()) != 0) throw std::runtime_error("failed: " + command);
}

/// A TUN device in the network namespace that this thread is in.
int open_tun(const std::string& name) {
  auto fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw std::runtime_error("/dev/net/tun: " + std::string{strerror(errno)});
  ifreq what{};
  std::strncpy(what.ifr_name, name.c_str(), IFNAMSIZ - 1);
  what.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(fd, TUNSETIFF, &what) == 0) return fd;
  close(fd);
  throw std::runtime_error("no TUN device: " + std::string{strerror(errno)});
}

/// As above, in another namespace: only a thread can be in one.
int open_tun_in(const std::string& ns, const std::string& name) {
  int out = -1;
  std::string wrong;
  std::thread([&] {
    auto there = open(("/run/netns/" + ns).c_str(), O_RDONLY | O_CLOEXEC);
    if (there < 0 || setns(there, CLONE_NEWNET) != 0) {
      wrong = "no namespace " + ns + ": " + strerror(errno);
    } else {
      try {
        out = open_tun(name);
      } catch (const std::exception& x) {
        wrong = x.what();
      }
    }
    if (there >= 0) close(there);
  }).join();
  if (out < 0) throw std::runtime_error(wrong);
  return out;
}

} // namespace

struct test_network::state {
  state(std::size_t hosts, std::uint64_t seed) : random(seed) {
    auto base = "weir-" + std::to_string(getpid());
    auto pattern = (std::filesystem::temp_directory_path() / "weir-netns-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder = pattern;
    names.push_back({});
    tuns.push_back(open_tun("weir0"));
    run("ip addr add " + address(0) + "/24 dev weir0 && ip link set weir0 up");
    for (std::size_t i = 1; i <= hosts; ++i) {
      names.push_back(base + '-' + std::to_string(i));
      run("ip netns add " + names[i]);
      tuns.push_back(open_tun_in(names[i], "weir0"));
      auto in = "ip -n " + names[i] + ' ';
      run(in + "addr add " + address(i) + "/24 dev weir0 && " + in + "link set weir0 up && " + in
          + "link set lo up");
    }
    wire = std::thread([this] { carry(); });
  }

  ~state() {
    stopping = true;
    if (wire.joinable()) wire.join();
    for (auto fd : tuns) close(fd);
    for (auto& name : names)
      if (!name.empty()) (void)std::system(("ip netns del " + name + " 2>/dev/null").c_str());
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  static std::string address(std::size_t host) { return "10.213.77." + std::to_string(host + 1); }

  /// The switch's thread.
  void carry() {
    std::vector<pollfd> waiting;
    for (auto fd : tuns) waiting.push_back({fd, POLLIN, 0});
    while (!stopping) {
      poll(waiting.data(), waiting.size(), late.empty() ? 20 : 1);
      for (std::size_t from = 0; from < tuns.size(); ++from)
        if ((waiting[from].revents & POLLIN) != 0) take_from(from);
      auto now = clock::now();
      for (; !late.empty() && late.begin()->first <= now; late.erase(late.begin()))
        put(late.begin()->second.first, late.begin()->second.second);
    }
  }

  void take_from(std::size_t from) {
    std::array<char, 65'536> buffer;
    for (;;) {
      auto n = read(tuns[from], buffer.data(), buffer.size());
      if (n < 20) return;
      if ((buffer[0] >> 4) != 4) continue; // IPv6 has its own chatter
      auto to = static_cast<std::size_t>(static_cast<unsigned char>(buffer[19])) - 1;
      if (to < tuns.size() && to != from) route(from, to, packet(buffer.data(), buffer.data() + n));
    }
  }

  void route(std::size_t from, std::size_t to, packet what) {
    link_rule rule;
    {
      std::lock_guard guard{lock};
      rule = rules[from][to];
    }
    if (rule.cut || random() % 100 < rule.loss_percent) return;
    if (rule.delay_ms == 0) return put(to, what);
    if (late.size() >= max_late) return;
    late.emplace(clock::now() + std::chrono::milliseconds{rule.delay_ms},
                 std::make_pair(to, std::move(what)));
  }

  void put(std::size_t to, const packet& what) {
    if (write(tuns[to], what.data(), what.size()) < 0) return; // full: lost, as on a real wire
  }

  std::string folder;
  std::vector<std::string> names;
  std::vector<int> tuns;
  std::mutex lock;
  std::array<std::array<link_rule, max_hosts>, max_hosts> rules{};
  std::mt19937_64 random; // of the wire's thread, as what follows
  std::multimap<clock::time_point, std::pair<std::size_t, packet>> late; // by when they are due; max_late
  std::atomic<bool> stopping{false};
  std::thread wire;
};

std::string test_network::why_not() {
  if (geteuid() != 0) return "making network namespaces needs root";
  if (access("/dev/net/tun", R_OK | W_OK) != 0) return "there is no /dev/net/tun";
  auto name = "weir-" + std::to_string(getpid()) + "-try";
  if (std::system(("ip netns add " + name + " >/dev/null 2>&1 && ip netns del " + name).c_str()) != 0)
    return "`ip netns` (iproute2) does not work here";
  return {};
}

test_network::test_network(std::size_t hosts, std::uint64_t seed)
  : state_(std::make_unique<state>(hosts, seed)) {}

test_network::~test_network() = default;

std::string test_network::address(std::size_t host) const { return state::address(host); }

std::string test_network::wrap(std::size_t host, const std::string& binary) const {
  auto path = state_->folder + "/host" + std::to_string(host);
  std::ofstream{path} << "#!/bin/sh\nexec ip netns exec " << state_->names.at(host) << ' ' << binary
                      << " \"$@\"\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

void test_network::set(std::size_t from, std::size_t to, const link_rule& what) {
  std::lock_guard guard{state_->lock};
  state_->rules.at(from).at(to) = what;
}

void test_network::set_all(const link_rule& what) {
  std::lock_guard guard{state_->lock};
  for (auto& row : state_->rules) row.fill(what);
}

} // namespace weir::test
