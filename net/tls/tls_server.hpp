#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

struct ssl_ctx_st;

namespace weir {

/// The TLS side of a port: paths of PEM files.
struct tls_server_files {
  enum class client_auth : std::uint8_t {
    none,
    optional, ///< A client may bring a certificate; one that is wrong ends the handshake.
    required,
  };

  std::string cert; ///< With those between it and its authority.
  std::string key;  ///< Without a passphrase.
  std::string
      client_ca; ///< Authorities of clients' certificates, and revocation lists (RFC 5280) if there are any.
  client_auth clients = client_auth::none;

  bool is_set() const noexcept { return !cert.empty() || !key.empty() || !client_ca.empty(); }
  bool operator==(const tls_server_files&) const = default;
};

using tls_context = std::shared_ptr<ssl_ctx_st>;

/// TLS 1.2 and 1.3 for a server, HTTP/1.1 by ALPN.
/// @returns the context, or what is wrong: `cert: …`, `key: …` or `client_ca: …`.
std::variant<tls_context, std::string> load_tls_server(const tls_server_files& files);

/// What new connections of a port are met with. Its files can be read again while connections last: those
/// keep what they began with. May be called from any thread.
class tls_server {
public:
  /// Throws `std::runtime_error` with what is wrong with the files.
  explicit tls_server(tls_server_files files);

  tls_context current() const;

  /// Reads the files again. @returns what is wrong with them; then nothing changes.
  std::string reload();
  std::string reload(tls_server_files files);

  /// Reads them again if one of them has changed since.
  /// @returns nothing where none has; else what is wrong, or an empty text.
  std::optional<std::string> reload_if_changed();

private:
  std::int64_t stamp(const tls_server_files& files) const;
  std::string take(tls_server_files files);

  mutable std::mutex lock_; // guards what follows
  tls_server_files files_;
  std::int64_t stamp_ = 0; // of the files as they were last looked at
  tls_context context_;
};

} // namespace weir
