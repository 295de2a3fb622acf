#pragma once

#include "actors/store/redis/redis_log.hpp"

#include <map>

namespace weir {

/// Frees what is expired or trimmed, in the namespaces that the sorted set `due` names, those that have
/// waited longest first. Throws `redis_error`.
class redis_sweep {
public:
  redis_sweep(const redis_keys& keys, const redis_log::session& with) : keys_(keys), with_(with) {}

  /// @param due namespaces that were not marked yet.
  /// @returns how many keys and events went; less than `max` means that nothing is left.
  std::uint64_t run(std::map<std::string, std::int64_t>& due, std::int64_t now_ms, std::uint64_t max);

private:
  void mark(std::map<std::string, std::int64_t>& due);
  std::uint64_t sweep(const std::string& ns, std::int64_t now_ms, std::uint64_t max);

  const redis_keys& keys_;
  const redis_log::session& with_;
};

} // namespace weir
