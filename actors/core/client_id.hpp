#pragma once

#include <string>
#include <string_view>

namespace weir {

/// Longest client_id and message_id, in bytes.
inline constexpr std::size_t max_client_id_bytes = 64;

/// 1 to 64 of `[A-Za-z0-9_.:-]`.
/// @returns what is wrong with the client_id, or an empty string.
std::string check_client_id(std::string_view text);

/// Whether only the server speaks as this client: `sys`, `sys.…`, `sys:…`, `agent:…`.
bool is_server_client(std::string_view client_id) noexcept;

/// Whether the node gives this client_id to those who come without a token: `anon:…`. No token may name it.
bool is_anonymous_client(std::string_view client_id) noexcept;

} // namespace weir
