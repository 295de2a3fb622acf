#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace weir::test {

/// What happens to packets from one host to another.
struct link_rule {
  bool cut = false;
  std::uint32_t delay_ms = 0;
  std::uint32_t loss_percent = 0;
};

/// Hosts on one machine, each a network namespace of its own, and the switch between them: a thread that
/// takes each packet from one host's TUN device and puts it, late, or not at all, into another's. So that
/// every direction can be told apart, and no module of the kernel (netem, netfilter) is needed.
///
/// Host 0 is the machine itself, with the address `address(0)`. Needs root, iproute2 and /dev/net/tun.
class test_network {
public:
  /// Why there can be none here; empty: there can.
  static std::string why_not();

  /// @param hosts beside the machine itself, at most 8. Throws std::runtime_error when one cannot be made.
  explicit test_network(std::size_t hosts, std::uint64_t seed = 1);
  ~test_network();

  test_network(const test_network&) = delete;
  test_network& operator=(const test_network&) = delete;

  std::string address(std::size_t host) const;

  /// A program that runs the node's binary in that host: takes the same arguments, and has the same process
  /// id.
  std::string wrap(std::size_t host, const std::string& binary) const;

  /// From now on, for packets in this direction.
  void set(std::size_t from, std::size_t to, const link_rule& what);

  /// For both directions between all pairs of hosts.
  void set_all(const link_rule& what);

  void heal() { set_all({}); }

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace weir::test
