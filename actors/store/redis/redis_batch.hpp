#pragma once

#include "actors/messages/store_types.hpp"
#include "actors/store/redis/redis_connection.hpp"
#include "actors/store/redis/redis_keys.hpp"
#include "actors/store/redis/redis_tails.hpp"

#include <map>
#include <vector>

namespace weir {

/// A batch of writes as a call of the script `write`, and what comes of it.
class redis_batch {
public:
  /// @param group,index the place of the batch in all that this node ever writes: the groups grow.
  redis_batch(const store_batch& what, const redis_keys& keys, redis_tails& tails, std::uint64_t group,
              std::uint64_t index);

  std::size_t key_count() const noexcept { return keys_.size(); }

  /// Adds the script's keys and arguments.
  /// @param life of the server's data: see `redis_link::life`.
  void add_to(redis_command& call, std::int64_t now_ms, const std::string& life) const;

  /// What became of each write. Throws `redis_error`.
  std::vector<write_result> results(const redis_value& reply) const;

  /// Adds the namespaces of keys that expire, by when.
  void add_due(std::map<std::string, std::int64_t>& out) const;

  /// Adds the namespaces that have trimmed events left, with 0: they can be freed now.
  void add_rest(const redis_value& reply, std::map<std::string, std::int64_t>& out) const;

private:
  std::size_t place_of(const std::string& ns) const;
  void add_write(redis_command& call, std::size_t i) const;

  const store_batch& what_;
  std::uint64_t group_, index_;
  std::string tag_;                // of this batch; its appends' are told apart by their place in it
  std::vector<std::string> after_; // for each write: the tag that an append continues
  std::vector<std::string> namespaces_;
  std::map<std::string, std::size_t> leases_; // where each is among the keys, from 1
  std::vector<std::string> keys_;
};

} // namespace weir
