#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace weir {

// The one reader of addresses, for whatever comes from a configuration, a command line or another node. What
// is wrong is said without repeating the text, which may hold a password.

/// A host, and a port where one was given.
struct host_port {
  std::string host; ///< A name or an IP address, without brackets.
  std::optional<std::uint16_t> port;
};

/// Reads `host[:port]`, or `[address][:port]` for IPv6. A host is an IP address, or 1 to 253 of
/// `[A-Za-z0-9._~-]`; a port is 0 to 65535, where 0 is for those who listen.
/// @returns what it is, or what is wrong with it.
std::variant<host_port, std::string> parse_host_port(std::string_view text);

/// With brackets where the host needs them.
std::string to_string(const host_port& x);

/// A URL of a server (RFC 3986) with neither query nor fragment.
struct server_url {
  std::string scheme;
  std::string user{}, password{}; ///< Percent-decoded.
  bool names_user = false;        ///< Whether there was an `@`, whatever stood before it.
  host_port at;                   ///< Its port is not 0.
  std::string path{};             ///< As written; empty, or begins with a slash.
};

/// Reads `scheme://[user[:password]@]host[:port][/path]`.
/// @param schemes those that are taken, in lower case.
std::variant<server_url, std::string> parse_server_url(std::string_view text,
                                                       std::initializer_list<std::string_view> schemes);

/// A text as it may be printed: where it is a URL that holds a password, that is `***`.
std::string mask_url(std::string_view text);

} // namespace weir
