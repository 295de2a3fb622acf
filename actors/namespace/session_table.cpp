#include "actors/namespace/session_table.hpp"

#include <algorithm>
#include <utility>

namespace weir {

session* session_table::find(const std::string& id) {
  auto i = sessions_.find(id);
  return i == sessions_.end() ? nullptr : &i->second;
}

bool session_table::any_with_state() const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [](auto& x) { return !x.second.subscriptions.empty() || x.second.acked > 0; });
}

session* session_table::find(attachment at) {
  auto i = by_place_.find(at);
  return i == by_place_.end() ? nullptr : i->second;
}

session& session_table::add(session x, std::int64_t now_ms) {
  auto id = x.id;
  auto& out = sessions_.insert_or_assign(std::move(id), std::move(x)).first->second;
  start_expiry(out, now_ms);
  return out;
}

void session_table::attach(session& x, attachment at) {
  if (x.at == at) return;
  by_expiry_.erase({x.expires_ms, x.id});
  if (x.at) {
    by_place_.erase(x.at);
    x.before = x.at;
  }
  x.at = at;
  by_place_[at] = &x;
}

attachment session_table::settle_before(session& x) { return std::exchange(x.before, {}); }

session* session_table::detach(attachment at, std::int64_t now_ms) {
  auto* x = find(at);
  if (x == nullptr) return nullptr;
  by_place_.erase(at);
  x->at = {};
  start_expiry(*x, now_ms);
  return x;
}

std::vector<attachment> session_table::behind(std::uint64_t relay) const {
  std::vector<attachment> out;
  for (auto& [at, x] : by_place_)
    if (at.relay == relay) out.push_back(at);
  return out;
}

std::optional<session> session_table::take_expired(std::int64_t now_ms) {
  if (by_expiry_.empty()) return std::nullopt;
  auto first = by_expiry_.begin();
  if (first->first > now_ms && !over_bound()) return std::nullopt;
  auto node = sessions_.extract(first->second);
  by_expiry_.erase(first);
  return std::move(node.mapped());
}

void session_table::start_expiry(session& x, std::int64_t now_ms) {
  x.expires_ms = now_ms + ttl_ms_;
  by_expiry_.emplace(x.expires_ms, x.id);
}

} // namespace weir
