#pragma once

#include "actors/store/redis/redis_batch.hpp"
#include "actors/store/redis/redis_link.hpp"

#include <optional>
#include <span>

namespace weir {

/// A group of batches on its way into Redis: all of it in one round trip, a script call each. When the
/// connection breaks before all is answered, what was sent may have been done or not. It is sent again over a
/// new one, under the same numbers, by which the script knows what it has done, until the time is over.
class redis_group {
public:
  using due_times = std::map<std::string, std::int64_t>;

  /// @param number of this group; higher than of any before it by this writer.
  redis_group(redis_link& link, const redis_keys& keys, redis_tails& tails,
              std::span<const store_batch* const> batches, std::uint64_t number, std::int64_t now_ms);

  /// @param due namespaces to mark for the sweep; those that are left to mark come back in it.
  /// @param where says in messages which server it is.
  /// @param timeout for the first answer, and from each answer to the next: a large group may take longer.
  group_result run(std::chrono::milliseconds timeout, due_times& due, const std::string& where);

private:
  struct entry {
    const store_batch* what;
    redis_batch call;
    std::optional<std::vector<write_result>> results{};
  };

  void attempt(due_times& due);
  bool send(redis_connection& to, const due_times& due);
  void take(entry& x, const redis_reply& reply, due_times& rest);
  void refuse(entry& x, const redis_error& why, bool maybe_written);
  void refuse_power();
  bool wait_for_retry() const;
  bool is_done() const noexcept;

  redis_link& link_;
  const redis_keys& keys_;
  std::int64_t now_ms_;
  std::chrono::milliseconds timeout_{};
  redis_link::clock::time_point deadline_{};
  std::string where_;
  std::vector<entry> entries_;
  bool sent_ = false;
  bool scripts_lost_ = false;
  std::string cause_;
};

/// The refusal of a call that failed so.
refusal redis_unavailable(const std::string& where, const redis_error& error);

} // namespace weir
