#pragma once

#include "actors/core/refusal.hpp"
#include "actors/event/event.hpp"
#include "actors/event/present_client.hpp"
#include "actors/event/receipt_kind.hpp"
#include "actors/messages/runs.hpp"
#include "net/wire/frames.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What the server sends, as JSON text. Strings that are not valid UTF-8 come out with U+FFFD in place of the
// bad bytes; what is called `data`, `input` or `output` is JSON text already and goes in as it is.

namespace weir::wire {

/// So many client_ids a `receipt` names; `count` tells how many there are.
inline constexpr std::size_t max_receipt_names = 16;

struct welcome {
  std::string ns;
  std::string client_id;
  std::string epoch;
  std::uint64_t seq = 0;
  std::string node;
  std::int64_t heartbeat_ms = 0;
  std::uint64_t max_frame_bytes = 0;
  std::uint64_t publish_per_s = 0;
  std::uint64_t burst = 0;
  std::string session; ///< The signed token; empty: left out.
  std::int64_t session_ttl_ms = 0;
  bool recovered = false; ///< All that was missed is on its way.
};

std::string encode(const welcome& x);

/// `ok` of a publish. @param seq 0: an ephemeral event, which has none.
std::string encode_published(std::string_view client_id, std::string_view message_id, std::uint64_t seq,
                             bool duplicate);

/// `ok` of a subscribe.
std::string encode_subscribed(std::string_view id, std::uint64_t seq);

/// `ok` of an unsubscribe.
std::string encode_unsubscribed(std::string_view id);

/// `ok` of whatever is about a run. @param seq of the call's event; 0: left out.
std::string encode_run_ok(std::string_view run_id, std::uint64_t seq, bool duplicate);

std::string encode(const event& x, bool redelivered = false);
std::string encode(const run_delta& x);

/// @param request_id under which the log has more about its error; empty: left out.
std::string encode(const run_result& x, std::string_view request_id = {});

/// As above. An error's `detail` is not told.
std::string encode(const refusal& x, const answered& what = {}, std::string_view request_id = {});

/// `ok` of an auth. @param id empty: left out. @param expires_in_ms from 0.
std::string encode_authenticated(std::string_view id, std::int64_t expires_in_ms);

/// The client's token is good for so long and no longer.
std::string encode_token_expiring(std::int64_t expires_in_ms);

/// @param id empty: left out.
std::string encode_pong(std::string_view id);

/// @param pressure within [0, 1].
std::string encode_slow_down(double pressure, std::int64_t retry_after_ms);

std::string encode_lagging(std::uint64_t seq);
std::string encode_caught_up(std::uint64_t seq);

/// @param reason `trimmed`, `epoch` or `ephemeral_dropped`.
std::string encode_gap(std::uint64_t from, std::uint64_t to, std::string_view reason);
/// A gap whose reason is a new epoch: what the history is called from here on, and a token that knows of it
/// (empty: left out).
std::string encode_epoch_gap(std::uint64_t to, const std::string& epoch, const std::string& session);

std::string encode_drain(std::int64_t delay_ms, std::string_view reason);
std::string encode_history(std::string_view id, const std::vector<event_ptr>& events, bool more);

/// @param by who it was; the first `max_receipt_names` are told.
std::string encode_receipt(std::string_view event_id, receipt_kind kind, std::uint64_t count,
                           const std::vector<std::string>& by);

/// @param count of all that are there, also where `clients` has not all of them.
std::string encode_presence(std::string_view id, std::uint64_t count, bool more,
                            const std::vector<present_client>& clients);

/// A complete, unmasked WebSocket text frame: header and payload.
frame_ptr make_frame(std::string_view text);

/// An event's frame; an `event_encoder`.
frame_ptr encode_event(const event& x);

/// The frame of an event that a queue gives out once more.
frame_ptr encode_redelivered(const event& x);

} // namespace weir::wire
