#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace weir::test {

/// Stands between a client and a server on loopback, counts round trips, and cuts connections when it is
/// told.
class cutting_proxy {
public:
  explicit cutting_proxy(std::uint16_t server);
  ~cutting_proxy();

  cutting_proxy(const cutting_proxy&) = delete;
  cutting_proxy& operator=(const cutting_proxy&) = delete;

  std::uint16_t port() const noexcept { return port_; }

  /// The next answer of the server is thrown away, with its connection.
  void cut_next_reply() { cut_reply_ = true; }

  /// The next request is, before the server sees it.
  void cut_next_request() { cut_request_ = true; }

  /// From now on, new connections are closed at once.
  void refuse(bool on) { refuse_ = on; }

  /// How often a client has sent something after it was answered.
  std::uint64_t round_trips() const { return round_trips_; }

  /// What has gone through it since `record` was called, both ways.
  void record() { record_ = true; }
  std::string recorded() const {
    std::lock_guard guard{lock_};
    return recorded_;
  }

private:
  struct pair {
    int client = -1, server = -1;
    bool answered = true;
  };

  void run();
  void accept_one();
  bool pass(pair& x, bool from_client);
  static void close_both(pair& x);

  std::uint16_t server_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::list<pair> pairs_;
  std::atomic<bool> cut_reply_ = false, cut_request_ = false, refuse_ = false, record_ = false, stop_ = false;
  std::atomic<std::uint64_t> round_trips_ = 0;
  mutable std::mutex lock_;
  std::string recorded_;
  std::thread thread_;
};

} // namespace weir::test
