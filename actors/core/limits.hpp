#pragma once

#include <cstdint>

namespace weir {

/// Every bound that an operator can set, by the name that the configuration uses. Times in milliseconds.
/// What happens at each bound stands beside it.
struct limits {
  std::uint64_t frame_bytes = 64 * 1024; ///< One client frame; a larger one closes with 1009.
  std::uint64_t publish_per_s = 200;     ///< Per connection; above it `429 rate`.
  std::uint64_t burst = 400;             ///< Frames that may come at once before `publish_per_s` counts.
  std::uint64_t connections = 100'000;   ///< Per namespace; above it `429 quota`, then 1013.
  std::uint64_t namespaces = 10'000;     ///< Per node; above it `429 quota`.
  std::uint64_t subscriptions_per_session = 256; ///< Above it `413 too_large`.
  std::uint64_t outbound_bytes = 256 * 1024;     ///< Waiting for one socket; above it the connection lags.
  std::uint64_t outbound_frames = 1024;          ///< As above, counted in frames.
  std::uint64_t relay_credit = 1024; ///< Requests of one relay in flight; above it `429 namespace_full`.
  std::uint64_t link_bytes = 8 * 1024 * 1024; ///< Events on their way to a relay on another node; then its
                                              ///< clients are fed from the log.
  std::uint64_t dedupe_ids = 100'000;         ///< The oldest id is forgotten.
  std::uint64_t dedupe_ms = 600'000;          ///< Ids older than this are forgotten.
  std::uint64_t causal_events = 1024;         ///< Above it `429 causal_full`.
  std::uint64_t causal_wait_ms = 2000;        ///< Then the event is delivered with `causal_gap`, or refused.
  std::uint64_t log_events = 10'000;          ///< Kept in memory; the oldest is trimmed.
  std::uint64_t log_bytes = 16 * 1024 * 1024; ///< As above, counted in bytes.
  std::uint64_t log_age_ms = 86'400'000;      ///< Older events are trimmed.
  std::uint64_t kept_events = 1'000'000;      ///< Kept in the store; the oldest is trimmed.
  std::uint64_t kept_bytes = 1ULL << 30;      ///< As above, counted in bytes.
  std::uint64_t session_ttl_ms = 120'000;     ///< A session without a socket is forgotten after this.
  std::uint64_t sessions = 200'000; ///< Without a socket; the one that would expire first is forgotten.
  std::uint64_t queue_groups = 256; ///< Per namespace; above it `413 too_large`.
  std::uint64_t queue_window = 16;  ///< Unacknowledged events of one member; the rest waits in the log.
  std::uint64_t ack_timeout_ms =
      60'000;                        ///< For how long a member may have an event of a queue; then another.
  std::uint64_t ack_grace_ms = 1000; ///< A member that goes within this time has cost the event no try.
  std::uint64_t hops = 32; ///< Agents, workflows and calls that follow from one event; then a dead letter.
  std::uint64_t receipts = 10'000;   ///< Events whose receipts are awaited; the oldest is forgotten.
  std::uint64_t presence_per_s = 50; ///< Joins and leaves told one by one; above it they are counted.
  std::uint64_t handshakes = 1024;   ///< In progress per I/O thread; above it HTTP 503.
  std::uint64_t http_body_bytes = 1024 * 1024; ///< Of one HTTP request; above it HTTP 413.
  std::uint64_t replays = 16;                  ///< Slices of logs read at once per I/O thread; others wait.
  std::uint64_t runs = 1024;                   ///< In flight per namespace; the rest waits in the log.
  std::uint64_t run_watchers = 64;             ///< Connections that watch one run; above it `429 quota`.
  std::uint64_t watches_per_connection = 256;  ///< Runs that one watches; above it `413 too_large`.
  std::uint64_t result_ttl_ms = 600'000;       ///< Results older than this are forgotten.
  std::uint64_t journal_ttl_ms = 60'000;       ///< For how long a finished run's steps can be looked at.
  std::uint64_t thread_queue = 64;             ///< Calls that wait in one thread; above it `429 thread_full`.
  std::uint64_t thread_ttl_ms = 86'400'000;    ///< A thread that is quiet for so long is forgotten.
  std::uint64_t agent_restarts = 5;            ///< Within the window; one more and the agent is `failed`.
  std::uint64_t agent_restart_window_ms = 60'000; ///< See above.
  std::uint64_t model_tokens_per_min = 0;         ///< Of a namespace, over all models; 0: no quota.
  std::uint64_t dead_letters = 1000;              ///< Per namespace; the oldest is dropped and counted.
  std::uint64_t connections_per_address = 0;      ///< Sockets; above it HTTP 429. 0: no bound.
  std::uint64_t handshakes_per_address_per_s = 0; ///< New sockets; above it HTTP 429. 0: no bound.
};

} // namespace weir
