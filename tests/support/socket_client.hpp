#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir::test {

/// One socket to a node on loopback, as a client that may misbehave. Every wait is bounded: what takes longer
/// than ten seconds throws.
class socket_client {
public:
  /// Connects. @param receive_buffer bytes that the kernel may hold for a client that does not read; 0: its
  /// default. @param from the address that it connects from; empty: the kernel's choice.
  explicit socket_client(std::uint16_t port, int receive_buffer = 0, const std::string& from = {});
  ~socket_client();

  // -- plain
  void send_raw(const std::string& bytes);

  /// All that comes until the peer closes.
  std::string read_all();

  /// What comes next; empty once the peer has closed.
  std::string read_some();

  /// Closes this side only.
  void shut_down();

  /// One HTTP exchange on this socket: status and body.
  std::pair<unsigned, std::string> http(const std::string& method, const std::string& target,
                                        const std::string& body = {});

  // -- WebSocket
  /// Gives the HTTP status: 101 when it worked.
  unsigned upgrade(const std::string& target = "/v1/ws", const std::string& subprotocol = "weir.v1");

  /// Upgrades and says hello; gives the answer.
  nlohmann::json hello(const std::string& ns, const std::string& client_id);

  void send(const std::string& text);
  void send(const nlohmann::json& frame) { send(frame.dump()); }
  void send_binary(const std::string& bytes);

  /// The next frame, or nothing when the node has closed: then `close_code` says why.
  std::optional<nlohmann::json> receive();

  /// The next frame with this `op`, whatever comes before it.
  nlohmann::json receive_op(const std::string& op);

  /// Reads until the node closes.
  std::uint16_t close_code();

  void close();

  /// Sends a ping frame. Answers are noted while something else is received.
  void ping(const std::string& payload);
  const std::vector<std::string>& pongs() const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace weir::test
