#include "actors/store/memory_store.hpp"

#include "actors/store/event_ages.hpp"

#include <algorithm>

namespace weir {

group_result memory_store::write(std::span<const store_batch* const> group, std::int64_t now_ms) {
  group_result out;
  for (auto* batch : group) {
    auto& results = out.batches.emplace_back();
    for (auto& x : batch->writes) results.push_back(apply(x, now_ms));
  }
  return out;
}

write_result memory_store::apply(const store_write& what, std::int64_t now_ms) {
  if (!what.guard.lease.empty())
    if (auto no = check_fence(what.guard, leases_[what.guard.lease]); no.refused()) return {std::move(no), 0};
  return std::visit([this, now_ms](auto& x) { return apply(x, now_ms); }, what.what);
}

write_result memory_store::apply(const log_append& what, std::int64_t) {
  auto& to = logs_[what.ns];
  if (auto no = check_append(to.state, what); no.refused()) return {std::move(no), 0};
  to.state.epoch = what.epoch;
  for (auto& x : what.records) {
    to.state.head = x.what->seq;
    to.state.bytes += x.what->size_bytes();
    to.seqs[x.what->event_id()] = x.what->seq;
    to.records.push_back(x);
  }
  return {};
}

write_result memory_store::apply(const log_trim& what, std::int64_t) {
  auto& from = logs_[what.ns];
  for (auto end = trimmed_to(from.state, what); from.state.first_kept < end; ++from.state.first_kept) {
    auto& oldest = *from.records.front().what;
    from.state.bytes -= oldest.size_bytes();
    auto seq = from.seqs.find(oldest.event_id());
    if (seq->second == oldest.seq) from.seqs.erase(seq);
    from.records.pop_front();
  }
  return {};
}

write_result memory_store::apply(const log_reset& what, std::int64_t) {
  auto& x = logs_[what.ns];
  if (x.state.epoch == what.epoch) return {};
  x.records.clear();
  x.seqs.clear();
  x.state = log_state{what.epoch};
  return {};
}

write_result memory_store::apply(const log_rename& what, std::int64_t) {
  logs_[what.ns].state.epoch = what.epoch;
  return {};
}

write_result memory_store::apply(const key_put& what, std::int64_t now_ms) {
  key_id id{what.ns, what.key};
  auto* old = find(id, now_ms);
  if (auto no = check_version(what.key, what.expected_version, old ? old->version : 0); no.refused())
    return {std::move(no), 0};
  erase(id);
  if (what.expires_ms > 0) by_expiry_.emplace(what.expires_ms, id);
  keys_[id] = {what.key, what.value, ++last_version_, what.expires_ms};
  return {{}, last_version_};
}

write_result memory_store::apply(const key_delete& what, std::int64_t now_ms) {
  key_id id{what.ns, what.key};
  auto* old = find(id, now_ms);
  if (auto no = check_version(what.key, what.expected_version, old ? old->version : 0); no.refused())
    return {std::move(no), 0};
  erase(id);
  return {};
}

write_result memory_store::apply(const namespace_drop& what, std::int64_t) {
  logs_.erase(what.ns);
  for (auto i = keys_.lower_bound({what.ns, {}}); i != keys_.end() && i->first.first == what.ns;)
    erase(key_id{(i++)->first});
  return {};
}

const memory_store::log& memory_store::find_log(const std::string& ns) const {
  static const log empty;
  auto i = logs_.find(ns);
  return i == logs_.end() ? empty : i->second;
}

const key_entry* memory_store::find(const key_id& id, std::int64_t now_ms) const {
  auto i = keys_.find(id);
  if (i == keys_.end() || (i->second.expires_ms > 0 && i->second.expires_ms <= now_ms)) return nullptr;
  return &i->second;
}

void memory_store::erase(const key_id& id) {
  auto i = keys_.find(id);
  if (i == keys_.end()) return;
  by_expiry_.erase({i->second.expires_ms, id});
  keys_.erase(i);
}

store::outcome<log_state> memory_store::state_of_log(const std::string& ns) { return find_log(ns).state; }

store::outcome<log_read> memory_store::read_log(const std::string& ns, const log_request& what) {
  auto& from = find_log(ns);
  log_read out{{}, from.state.first_kept, 0, from.state.head};
  std::uint64_t scanned = 0, bytes = 0;
  auto take = [&](std::uint64_t seq) {
    auto& x = from.at(seq);
    ++scanned;
    if (!wanted(what, x.what->type, x.what->to)) return;
    bytes += x.what->size_bytes();
    out.records.push_back(x);
  };
  auto more = [&] {
    return scanned < max_scanned_events && !what.has_enough(bytes, max_read_bytes)
           && out.records.size() < what.limit;
  };
  if (what.before_seq > 0) {
    out.read_to = std::min(what.before_seq, out.head + 1);
    while (out.read_to > out.first_kept && more()) take(--out.read_to);
    std::reverse(out.records.begin(), out.records.end());
  } else {
    out.read_to = std::max(what.after_seq, out.first_kept - 1);
    while (out.read_to < out.head && more()) take(++out.read_to);
  }
  return out;
}

store::outcome<std::optional<event_place>>
memory_store::find_event(const std::string& ns, const std::string& client_id, const std::string& message_id) {
  auto& from = find_log(ns);
  auto i = from.seqs.find(client_id + '/' + message_id);
  if (i == from.seqs.end()) return std::optional<event_place>{};
  return event_place{i->second, from.at(i->second).content_hash};
}

store::outcome<std::vector<event_mark>> memory_store::newest_ids(const std::string& ns, std::uint64_t limit,
                                                                 std::int64_t max_age_ms) {
  auto& from = find_log(ns);
  std::vector<event_mark> out;
  event_ages ages{max_age_ms};
  for (auto i = from.records.rbegin(); i != from.records.rend() && out.size() < limit; ++i) {
    if (!ages.next(i->what->ts_ms)) break;
    out.push_back({i->what->event_id(), i->what->seq, i->content_hash, i->what->ts_ms});
  }
  std::reverse(out.begin(), out.end());
  return out;
}

store::outcome<std::optional<key_entry>> memory_store::get(const std::string& ns, const std::string& key,
                                                           std::int64_t now_ms) {
  auto* found = find({ns, key}, now_ms);
  return found ? std::optional<key_entry>{*found} : std::nullopt;
}

store::outcome<std::vector<key_entry>> memory_store::scan(const std::string& ns, const std::string& prefix,
                                                          const std::string& after, std::uint64_t limit,
                                                          std::int64_t now_ms) {
  std::vector<key_entry> out;
  auto i = after < prefix ? keys_.lower_bound({ns, prefix}) : keys_.upper_bound({ns, after});
  for (; i != keys_.end() && out.size() < limit; ++i) {
    if (i->first.first != ns || i->second.key.compare(0, prefix.size(), prefix) != 0) break;
    if (find(i->first, now_ms)) out.push_back(i->second);
  }
  return out;
}

store::outcome<std::uint64_t> memory_store::sweep(std::int64_t now_ms, std::uint64_t max) {
  std::uint64_t done = 0;
  for (; done < max && !by_expiry_.empty() && by_expiry_.begin()->first <= now_ms; ++done)
    erase(key_id{by_expiry_.begin()->second});
  return done;
}

store::outcome<lease_grant> memory_store::change_lease(const std::string& name, const lease_change& change) {
  return change(leases_[name]);
}

} // namespace weir
