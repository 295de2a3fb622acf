#pragma once

#include "actors/messages/store_types.hpp"
#include "actors/store/redis/redis_keys.hpp"
#include "actors/store/redis/redis_link.hpp"

#include <functional>

namespace weir {

/// Reads logs out of Redis. All members throw `redis_error`.
class redis_log {
public:
  using clock = redis_link::clock;

  /// One call's way to the server.
  struct session {
    redis_link& link;
    redis_connection& connection;
    clock::time_point deadline;

    redis_reply ask(const redis_command& what) const { return connection.ask(what, deadline); }
  };

  static constexpr std::uint64_t first_chunk =
      100; ///< Events that a read fetches before it knows their size …
  static constexpr std::uint64_t max_chunk = 2000;    ///< … and at most at once after that.
  static constexpr std::uint64_t marks_at_once = 256; ///< Events that one script looks at for `newest_ids` …
  static constexpr std::uint64_t marks_window = 16;   ///< … and calls of it that are under way.

  explicit redis_log(const redis_keys& keys) : keys_(keys) {}

  log_state state(const session& with, const std::string& ns) const;
  log_read read(const session& with, const std::string& ns, const log_request& what) const;
  std::optional<event_place> find(const session& with, const std::string& ns,
                                  const std::string& event_id) const;
  std::vector<event_mark> newest_ids(const session& with, const std::string& ns, std::uint64_t limit,
                                     std::int64_t max_age_ms) const;

private:
  const redis_keys& keys_;
};

} // namespace weir
