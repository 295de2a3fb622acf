#pragma once

#include "net/wire/frames.hpp"

#include <cstddef>
#include <string_view>
#include <variant>

namespace weir::wire {

/// Arrays and objects may be nested this deep in a frame, the frame's own object included.
inline constexpr std::size_t max_depth = 64;

/// Shortest `ack_timeout_ms` of a subscription: one that a client over a slow link can keep.
inline constexpr std::int64_t min_ack_timeout_ms = 100;

/// Longest `timeout_ms` of a call: a day.
inline constexpr std::int64_t max_timeout_ms = 86'400'000;

/// Longest `session` of a hello.
inline constexpr std::size_t max_session_bytes = 4096;

/// Of what a client says of itself: it is shown to everyone who asks who is there.
inline constexpr std::size_t max_meta_bytes = 4096;

/// Longest `text` of a `delta`.
inline constexpr std::size_t max_delta_bytes = 64 * 1024;

/// Longest `message` of a `result`'s error.
inline constexpr std::size_t max_message_bytes = 1024;

/// Longest `delay_ms` of a nack: an hour.
inline constexpr std::int64_t max_delay_ms = 3'600'000;

/// Most that one `history` or `presence` asks for.
inline constexpr std::uint32_t max_list = 1000;

/// Reads one client frame. Never throws; what is wrong with a bad one is said with the field's name.
/// Fields that the protocol does not know are ignored.
std::variant<client_frame, rejected> decode(std::string_view text);

} // namespace weir::wire
