#pragma once

// Includes Asio: only for the .cpp files of this folder.

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <string>

namespace weir {

/// What all TLS connections to one server share: the trusted roots (OpenSSL's default paths, and a file), and
/// the last session, so that the next connection can resume it. TLS 1.2 or later; the server's certificate
/// and its name are always verified. Used on one thread at a time.
class tls_client {
public:
  /// @param host the name, or the address, that the certificate must be for.
  /// @param ca_file PEM of further roots; empty: none. Throws std::runtime_error if it cannot be used.
  tls_client(std::string host, const std::string& ca_file);

  tls_client(const tls_client&) = delete;
  tls_client& operator=(const tls_client&) = delete;

  boost::asio::ssl::context& context() noexcept { return context_; }

  /// Makes a new connection ready for its handshake.
  void prepare(SSL* connection) const;

private:
  using session_ptr = std::unique_ptr<SSL_SESSION, void (*)(SSL_SESSION*)>;

  static int keep_session(SSL* connection, SSL_SESSION* session);

  std::string host_;
  boost::asio::ssl::context context_;
  // Never shared with a connection: one that is closed without TLS's farewell makes its own of no further
  // use.
  session_ptr session_{nullptr, &SSL_SESSION_free};
};

/// Why a handshake failed; `is_certificate` is set where the server's certificate was the reason.
std::string handshake_failure(SSL* connection, const boost::system::error_code& error, bool& is_certificate);

/// Whether `ca_file` can be read and holds certificates. Empty: it can; else what is wrong.
std::string check_ca_file(const std::string& ca_file);

} // namespace weir
