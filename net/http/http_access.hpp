#pragma once

#include "net/http/http_message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Which names a port answers to, and which pages of browsers may use it. Plain.
///
/// Without settings a page of a foreign site, or a DNS name that was bound anew to this address, reaches
/// nothing: an `Origin` has to be the request's own host and port, and on a loopback address the host has to
/// be `localhost` or an IP address.
class http_access {
public:
  struct settings {
    std::vector<std::string>
        origins;                    ///< `https://app.example.com`; `*` is any. Empty: the request's own host.
    std::vector<std::string> hosts; ///< Names, with or without a port. Empty: see above; else any.
    bool loopback = true;           ///< The port's address is one that only this machine reaches.
  };

  http_access() = default;
  explicit http_access(settings config);

  /// @returns the answer to a request that may not come in: `421` for its host, `403` for its origin.
  std::optional<http_reply> check(const http_request& request) const;

  /// What CORS asks of the answer to a request that came in.
  std::vector<http_field> cors_fields(const http_request& request) const;

  /// The answer to a preflight. @param methods that the path has, as `Allow` lists them.
  http_reply preflight(const http_request& request, const std::string& methods) const;

  static bool is_preflight(const http_request& request);

private:
  bool knows_host(std::string_view host) const;
  bool knows_origin(std::string_view origin, std::string_view host) const;

  settings settings_;
  bool any_origin_ = false;
};

/// Whether an address that is listened on is reached from this machine only.
bool is_loopback_address(std::string_view address);

} // namespace weir
