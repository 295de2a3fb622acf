#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir::test {

/// One client of a `fake_ws_server`. Only to be used by the script, on the server's thread.
class fake_peer {
public:
  virtual ~fake_peer() = default;

  virtual void send(std::string text) = 0;
  virtual void ping() = 0;
  virtual void close(unsigned code, std::string reason) = 0;

  /// Closes the socket without a word.
  virtual void drop() = 0;

  /// Stops reading for good.
  virtual void stop_reading() = 0;
};

/// A WebSocket server on a free port of loopback, in a thread of its own, that answers as a script says.
class fake_ws_server {
public:
  /// Called for each frame of a client, in order.
  using script = std::function<void(fake_peer&, std::string_view frame)>;

  struct settings {
    /// Not 0: answers upgrades with this HTTP status, and with `retry_after` if that is set.
    unsigned refuse_status = 0;
    std::string retry_after;
    std::string subprotocol = "weir.v1";
    /// Takes the socket and never answers the upgrade.
    bool mute = false;
  };

  explicit fake_ws_server(script answer);
  fake_ws_server(script answer, settings how);
  ~fake_ws_server();

  /// `http://127.0.0.1:<port>`
  std::string url() const;

  /// All that has come from clients so far, as `frames` or as pongs.
  std::vector<std::string> frames() const;
  std::size_t pongs() const;

private:
  class server;
  std::unique_ptr<server> server_;
};

} // namespace weir::test
