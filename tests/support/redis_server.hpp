#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace weir::test {

/// A real redis-server on a free port of loopback, in a folder of its own. It synchronises its file before it
/// answers, unless told otherwise. The destructor kills it.
class redis_server {
public:
  /// @param args more of its options; Redis takes the last of two that are the same.
  explicit redis_server(std::vector<std::string> args = {});
  ~redis_server();

  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;

  /// Starts it (again: on the same port and with the same data) and waits until it answers. Throws
  /// std::runtime_error with the end of its log when it does not within 20 s.
  void start();

  /// SIGKILL, and waits for the end.
  void kill();

  /// SIGSTOP and SIGCONT: it is there and says nothing.
  void pause(bool on);

  /// Sends a command, whose words are parted by spaces, and gives the reply as text: of an error too.
  std::string ask(const std::string& command) const;

  /// Where its files are: with `--appendonly no` its `dump.rdb`.
  const std::string& folder() const noexcept { return folder_; }

  std::uint16_t port() const noexcept { return port_; }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

private:
  bool launch();

  std::string folder_;
  std::vector<std::string> args_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

/// One that tests share, begun when it is first asked for and emptied each time.
redis_server& empty_redis();

} // namespace weir::test
