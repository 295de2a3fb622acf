#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace weir {

/// A Redis or Valkey server, and who we are there.
struct redis_address {
  std::string host;
  std::uint16_t port = 6379;
  std::string user{};     ///< Empty: the server's default user.
  std::string password{}; ///< Empty: none. Never to be printed.
  std::uint32_t database = 0;
};

/// Reads `redis://[user[:password]@]host[:port][/database]`; user and password may be percent-encoded.
/// @returns the address, or which part of it is wrong, without repeating it: it may hold a password.
std::variant<redis_address, std::string> parse_redis_url(std::string_view url);

} // namespace weir
