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
  bool needs_power = false;      ///< Open only with a server that keeps `durability::power`.
  std::string witness_path = {}; ///< See `witness`; empty: what is known does not outlive the process.
  bool shared = false;           ///< Other nodes write to it, too.
  std::chrono::milliseconds look_every{60'000}; ///< How often `check` asks what the server is set to.
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
/// A log is told as `behind` when it ends before what was acknowledged through this store (`witness`). Where
/// nobody can say so, since it was last written to in another life of the server (`redis_link::life`), it is
/// taken for behind unless the server writes to its disk before it answers and was only started again.
///
/// `check` gives a refusal while the server cannot be reached, is none that a store can be kept in, or, with
/// `needs_power`, no longer keeps what is written `power`: such writes are then refused.
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
