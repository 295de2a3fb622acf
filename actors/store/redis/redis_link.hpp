#pragma once

#include "actors/core/backoff.hpp"
#include "actors/store/redis/redis_connection.hpp"
#include "actors/store/redis/redis_scripts.hpp"

#include <array>
#include <optional>

namespace weir {

/// The way to a Redis over one connection after another. One that was lost is made again by the next call; if
/// that fails, calls fail at once until a back-off is over.
class redis_link {
public:
  using clock = redis_connection::clock;

  /// @param retry between attempts to connect.
  redis_link(redis_address to, backoff retry);

  /// The connection, made if there is none. Throws `redis_error`: also when the server is none that a store
  /// can be kept in, because it is too old, a replica, a cluster or evicts keys.
  redis_connection& connected(clock::time_point deadline);

  /// Lets go of the connection. To be called when it has failed.
  void drop() noexcept { connection_.reset(); }

  /// The same, once what was sent has been answered: the server has become one that does not write.
  void drop_later() noexcept { unfit_ = true; }

  bool is_connected() const noexcept { return connection_.has_value(); }

  /// When `connected` tries again.
  clock::time_point next_attempt() const noexcept { return next_attempt_; }

  /// Whether the server said that it has written and synchronised its file before it answers.
  bool syncs_first() const noexcept { return syncs_first_; }

  /// Names the life of the data that the server has: another one once it was started again, was made a
  /// replica or took over from one (`master_replid`). Empty: it has not been reached yet.
  const std::string& life() const noexcept { return life_; }

  /// Whether a server in this life has all that it ever acknowledged, whatever life came before: it was only
  /// started again, and writes to its disk before it answers.
  bool keeps_all() const noexcept { return syncs_first_ && !took_over_; }

  /// Looks again at what the server is. Throws `redis_error`, as `connected` does.
  void look_again(clock::time_point deadline);

  /// A call of a script, without its arguments: these are keys as many as said, then others.
  redis_command call(redis_script what, std::size_t keys) const;

  /// Gives the server all scripts again: it has lost them.
  void load_scripts(clock::time_point deadline);

private:
  void greet(redis_connection& with, clock::time_point deadline);
  void look(redis_connection& with, clock::time_point deadline);
  void check_server(std::string_view info) const;
  void load_into(redis_connection& with, clock::time_point deadline);

  redis_address to_;
  backoff retry_;
  jitter_source jitter_;
  std::uint32_t attempts_ = 0; // that failed since the last that did not
  clock::time_point next_attempt_{};
  std::optional<redis_connection> connection_;
  bool syncs_first_ = false;
  bool took_over_ = false; // from another server, or from a time as a replica
  std::string life_;
  bool unfit_ = false;
  std::array<std::string, redis_script_count> hashes_;
};

} // namespace weir
