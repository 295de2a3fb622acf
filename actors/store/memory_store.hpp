#pragma once

#include "actors/store/rules.hpp"
#include "actors/store/store.hpp"

#include <deque>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

namespace weir {

/// Keeps everything in the process, and nothing beyond it: for tests and for nodes that may forget. Bounded
/// by what its users trim and let expire; it never refuses a whole call.
class memory_store : public store {
public:
  using store::write;

  group_result write(std::span<const store_batch* const> group, std::int64_t now_ms) override;
  outcome<log_state> state_of_log(const std::string& ns) override;
  outcome<log_read> read_log(const std::string& ns, const log_request& what) override;
  outcome<std::optional<event_place>> find_event(const std::string& ns, const std::string& client_id,
                                                 const std::string& message_id) override;
  outcome<std::vector<event_mark>> newest_ids(const std::string& ns, std::uint64_t limit,
                                              std::int64_t max_age_ms) override;
  outcome<std::optional<key_entry>> get(const std::string& ns, const std::string& key,
                                        std::int64_t now_ms) override;
  outcome<std::vector<key_entry>> scan(const std::string& ns, const std::string& prefix,
                                       const std::string& after, std::uint64_t limit,
                                       std::int64_t now_ms) override;
  outcome<std::uint64_t> sweep(std::int64_t now_ms, std::uint64_t max) override;

private:
  outcome<lease_grant> change_lease(const std::string& name, const lease_change& change) override;

  struct log {
    log_state state;
    std::deque<log_record> records;
    std::unordered_map<std::string, std::uint64_t> seqs; // by event id

    const log_record& at(std::uint64_t seq) const { return records[seq - state.first_kept]; }
  };

  using key_id = std::pair<std::string, std::string>; // namespace, key

  write_result apply(const store_write& what, std::int64_t now_ms);
  write_result apply(const log_append& what, std::int64_t now_ms);
  write_result apply(const log_trim& what, std::int64_t now_ms);
  write_result apply(const log_reset& what, std::int64_t now_ms);
  write_result apply(const log_rename& what, std::int64_t now_ms);
  write_result apply(const key_put& what, std::int64_t now_ms);
  write_result apply(const key_delete& what, std::int64_t now_ms);
  write_result apply(const namespace_drop& what, std::int64_t now_ms);

  const log& find_log(const std::string& ns) const;
  const key_entry* find(const key_id& id, std::int64_t now_ms) const;
  void erase(const key_id& id);

  std::map<std::string, log> logs_;
  std::map<key_id, key_entry> keys_;
  std::set<std::pair<std::int64_t, key_id>> by_expiry_;
  std::map<std::string, lease_record> leases_;
  std::uint64_t last_version_ = 0;
};

} // namespace weir
