#pragma once

#include "tests/support/server_reply.hpp"
#include "tests/support/test_certificates.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir::test {

/// A real HTTP or HTTPS server for tests, with threads of its own on a free port of the loopback. Does with
/// each request what the next reply says; the last one is for all that follow.
class model_server {
public:
  struct config {
    std::optional<identity> tls = {}; ///< Speaks TLS as this; none: HTTP in the clear.
    bool only_tls_1_1 = false;
    bool is_deaf = false; ///< Accepts connections and does nothing with them.
  };

  model_server() : model_server(config{}) {}
  explicit model_server(config settings);
  ~model_server();

  /// What to do from the next request on.
  void set(std::vector<server_reply> replies);

  /// From now on connecting is refused.
  void stop_listening();

  /// `http://127.0.0.1:<port>/v1`; with TLS `https://localhost:<port>/v1`, or another host that is this one.
  std::string url(const std::string& host = {}) const;

  int requests() const;
  int connections() const;      ///< Accepted in all.
  int open_connections() const; ///< Neither side has closed.
  int resumed() const;          ///< Requests on TLS connections that went on with an earlier session.

  /// Body and headers of the requests, as they came.
  std::vector<std::string> bodies() const;
  std::string last_header(const std::string& name) const;
  std::string last_target() const;

  /// Waits until that many connections are open; false after two seconds.
  bool wait_for_open(int n) const;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace weir::test
