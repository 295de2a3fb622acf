#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace weir::test {

/// The real node binary in a process of its own, on a free port, in a folder of its own that goes with it.
/// Its log goes to `log_path()`. The destructor kills what still runs.
class node_process {
public:
  /// @param config the configuration as JSON text; the port is added as `--set`.
  /// @param binary empty: the stock one.
  explicit node_process(std::string config = "{}", std::vector<std::string> args = {},
                        std::string binary = {});
  ~node_process();

  node_process(const node_process&) = delete;
  node_process& operator=(const node_process&) = delete;

  /// Starts it (again: on the same port and with the same data) and waits for its `ready` line. Throws
  /// std::runtime_error with the end of its log when it does not come within 20 s.
  void start();

  /// Starts it and kills it after that long, ready or not.
  void start_in_vain(std::chrono::milliseconds before_the_kill);

  /// Starts on this port, instead of a free one.
  void use_port(std::uint16_t port) noexcept { port_ = port; }

  /// How long it waits for its clients when it is told to stop; not at all unless this was called.
  void let_drain(std::chrono::milliseconds most, std::chrono::milliseconds window) noexcept {
    drain_ms_ = most, drain_spread_ms_ = window;
  }

  /// How far its wall clock is off, from now on, also while it runs: see `wall_clock_ms`.
  void set_clock(std::chrono::milliseconds off) const;

  /// From the next start on it can make no file larger than this; 0: as large as it likes.
  void limit_files_kib(std::uint64_t most) noexcept { max_file_kib_ = most; }

  /// SIGKILL, and waits for the end.
  void kill();

  /// SIGTERM, and waits. Gives the exit status, or 128 + the signal's number.
  int stop(std::chrono::seconds at_most = std::chrono::seconds{20});

  /// Waits until it has ended by itself. Gives what `stop` does.
  int await_end(std::chrono::seconds at_most = std::chrono::seconds{20});

  /// After a SIGSTOP it does nothing more.
  void signal(int number);

  /// The token that it has made for the admin calls.
  std::string admin_token() const;

  const std::string& url() const noexcept { return url_; }
  const std::string& admin_url() const noexcept { return admin_url_; }
  const std::string& cluster_address() const noexcept {
    return cluster_address_;
  } ///< The same on each start.
  std::uint16_t port() const noexcept { return port_; }
  pid_t pid() const noexcept { return pid_; }
  const std::string& folder() const noexcept { return folder_; }
  std::string log_path() const { return folder_ + "/node.log"; }

  /// Resident memory, KiB.
  std::uint64_t memory_kib() const;

  /// User and system time so far, milliseconds.
  std::uint64_t cpu_ms() const;

private:
  int launch();
  int wait_for_end();
  std::string read_ready_line(int out);

  std::string folder_;
  std::vector<std::string> args_;
  std::string url_;
  std::string admin_url_;
  std::string cluster_address_;
  std::uint16_t port_ = 0;
  std::uint64_t max_file_kib_ = 0;
  std::chrono::milliseconds drain_ms_{0};
  std::chrono::milliseconds drain_spread_ms_{0};
  bool own_data_ = true; // the configuration names no folder for it
  pid_t pid_ = -1;
};

/// The path of the node binary under test.
std::string weir_binary();

} // namespace weir::test
