#pragma once

#include "tests/support/test_certificates.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace weir::test {

/// A blocking TLS client on loopback. Every wait is bounded: what takes longer than ten seconds fails.
class tls_probe {
public:
  struct options {
    std::string trusted;                 ///< PEM of the authority that the server has to have; empty: any.
    std::optional<identity> certificate; ///< That the client brings.
    int max_version = 0;                 ///< As OpenSSL numbers them; 0: the newest.
    std::string alpn = "http/1.1";       ///< Empty: none is offered.
  };

  /// Connects and shakes hands. `error()` says what failed.
  tls_probe(std::uint16_t port, const options& how);
  ~tls_probe();

  const std::string& error() const noexcept { return error_; }
  std::string version() const;

  /// The protocol that was agreed on by ALPN; empty: none.
  std::string protocol() const;

  /// The serial number of the server's certificate.
  std::string serial() const;

  bool send(const std::string& bytes);

  /// What comes next; empty once the server has closed or failed.
  std::string read_some();

  /// Reads until `text` has come. @returns all that came; without `text` when the server has closed before.
  std::string read_until(const std::string& text);

  /// Sends a GET and reads its answer. @returns the status; 0: there was none.
  unsigned get(const std::string& path);

private:
  struct state;
  std::unique_ptr<state> state_;
  std::string error_;
};

} // namespace weir::test
