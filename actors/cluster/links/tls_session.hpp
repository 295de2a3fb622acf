#pragma once

#include "actors/cluster/links/tls_credentials.hpp"
#include "actors/cluster/links/unproven_links.hpp"

#include <caf/io/network/rw_state.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

struct ssl_st;

namespace weir {

/// TLS on a connected socket that does not block, as CAF's streams want it. Of one thread; does not own the
/// socket. The process has to ignore SIGPIPE, as the node does.
class tls_session : public accepted_link {
public:
  struct config {
    bool dials = false;
    /// Called once when both have shown who they are.
    std::function<void()> on_ready = [] {};
    /// Called once when the connection has failed for a reason of TLS, and why.
    std::function<void(const std::string& why)> on_failed = [](const std::string&) {};
  };

  /// Throws std::runtime_error where there is no memory.
  tls_session(const tls_credentials& who, int socket, config settings);
  ~tls_session() override;

  tls_session(const tls_session&) = delete;
  tls_session& operator=(const tls_session&) = delete;

  caf::io::network::rw_state read_some(std::size_t& result, void* to, std::size_t at_most);
  caf::io::network::rw_state write_some(std::size_t& result, const void* from, std::size_t at_most);

  /// Whether so much has been decrypted already: the socket does not tell of it again.
  bool has(std::size_t bytes) const;

  /// Blocks until both have shown who they are. @returns whether they have in time.
  bool agree(std::chrono::milliseconds at_most);

  /// Whether both have shown who they are.
  bool is_ready() const noexcept { return ready_; }
  bool is_proven() const noexcept override { return ready_; }

  /// Gives up a connection on which that has not come to an end.
  void give_up(const std::string& why) override;

private:
  template <class Call>
  caf::io::network::rw_state transfer(std::size_t& result, std::size_t at_most, Call call);
  caf::io::network::rw_state shake_hands();
  caf::io::network::rw_state after(int returned);
  void fail(const std::string& why);
  std::string why_no_handshake(int error) const;

  tls_credentials who_;
  config settings_;
  ssl_st* ssl_;
  int socket_;
  bool ready_ = false;
  bool failed_ = false;
  bool heard_ = false; // something has been decrypted
};

} // namespace weir
