#pragma once

#include "actors/core/backoff.hpp"
#include "actors/store/redis/redis_url.hpp"
#include "actors/store/store.hpp"

#include <memory>
#include <string>
#include <variant>

namespace weir {

struct redis_config {
  redis_address server;
  std::int64_t timeout_ms = 2000; ///< Of one call, with all that it sends, waits and connects.
  backoff retry{std::chrono::milliseconds{50}, std::chrono::milliseconds{2000}}; ///< Between connections.
  std::string prefix = "weir";                                                   ///< Of all keys.
  bool needs_power = false; ///< Open only with a server that keeps `durability::power`.
};

/// Opens a store in a Redis or Valkey server (6.2 or newer, no cluster), shared by all nodes that are told
/// the same server and database; see redis_keys.hpp for what is there. The refusal names the server and what
/// is wrong with it, and no password.
///
/// `process` holds whatever Redis is set to: it is another process. What a crash of Redis or of its machine
/// takes is Redis' own setting: with `appendonly yes` and `appendfsync everysec` up to a second, without
/// `appendonly` all since the last snapshot. `power` is refused (503) unless the server says `appendonly yes`
/// and `appendfsync always`. A failover to a replica can take what that had not received yet.
///
/// A call takes `timeout_ms` at most, twice that where an answer comes in bits; a group of writes has that
/// time for each batch's answer. When the connection breaks under a write, it is sent again over a new one
/// within that time, and is done once. When the time is over first, the write is refused with 503 and
/// `maybe_written`. An append that continues one which was refused is refused too, also when the head happens
/// to be where it believes, until `state_of_log` has been read.
///
/// What expires does so by the clocks of the callers: two nodes whose clocks differ by d see a lease or key
/// end d apart. A lease is safe with any d, by its epoch; while d is less than what an owner leaves of the
/// lease's time when it prolongs it, no owner that lives loses it.
std::variant<std::unique_ptr<store>, refusal> open_redis_store(const redis_config& cfg);

} // namespace weir
