#include "actors/cluster/links/dial_book.hpp"

#include <algorithm>

namespace weir {

dial_book::entry& dial_book::add(const std::string& address, time_point now) {
  auto [i, is_new] = entries_.try_emplace(address);
  if (is_new) i->second.due = own_ < address ? now : now + courtesy;
  return i->second;
}

void dial_book::add_seed(const std::string& address, time_point now) {
  if (address != own_) add(address, now).seed = true;
}

void dial_book::learn(const std::string& address, time_point now) {
  if (address == own_ || entries_.count(address) > 0) return;
  auto learned = std::count_if(entries_.begin(), entries_.end(), [](auto& x) { return !x.second.seed; });
  if (static_cast<std::size_t>(learned) < max_learned) add(address, now);
}

void dial_book::connected(const std::string& address, time_point now) {
  if (address == own_) return;
  learn(address, now);
  auto i = entries_.find(address);
  if (i == entries_.end()) return;
  auto& x = i->second;
  x.connected = true;
  x.tried = true;
  x.under_way = false;
  x.failures = 0;
}

void dial_book::lost(const std::string& address, time_point now) {
  auto i = entries_.find(address);
  if (i == entries_.end()) return;
  i->second.connected = false;
  i->second.due = now + retry_.delay(0, random_.next()) + (own_ < address ? courtesy * 0 : courtesy);
}

std::vector<std::string> dial_book::take_due(time_point now) {
  std::vector<std::string> out;
  for (auto& [address, x] : entries_) {
    if (x.connected || x.under_way || x.due > now) continue;
    x.under_way = true;
    out.push_back(address);
  }
  return out;
}

void dial_book::failed(const std::string& address, time_point now) {
  auto i = entries_.find(address);
  if (i == entries_.end()) return;
  auto& x = i->second;
  x.under_way = false;
  x.tried = true;
  x.due = now + retry_.delay(x.failures, random_.next());
  if (++x.failures >= max_failures && !x.seed && !x.connected) entries_.erase(i);
}

void dial_book::busy(const std::string& address, time_point now) {
  auto i = entries_.find(address);
  if (i == entries_.end()) return;
  i->second.under_way = false;
  i->second.due = now + retry_.delay(0, random_.next());
}

std::optional<dial_book::time_point> dial_book::next_due() const {
  std::optional<time_point> out;
  for (auto& [address, x] : entries_)
    if (!x.connected && !x.under_way && (!out || x.due < *out)) out = x.due;
  return out;
}

bool dial_book::is_settled() const {
  return std::all_of(entries_.begin(), entries_.end(),
                     [](auto& x) { return !x.second.seed || x.second.tried || x.second.connected; });
}

} // namespace weir
