#include "actors/models/remote/remote_links.hpp"

#include "actors/core/placement.hpp"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

bool has(const std::vector<std::string>& all, const std::string& x) {
  return std::find(all.begin(), all.end(), x) != all.end();
}

/// Whatever is on its way is something.
std::uint64_t counted(std::uint64_t bytes) { return std::max<std::uint64_t>(bytes, 1); }

} // namespace

void remote_links::remove(const std::string& node) {
  auto i = nodes_.find(node);
  if (i == nodes_.end()) return;
  unread_bytes_ -= i->second.unread_bytes;
  nodes_.erase(i);
  std::erase_if(requests_, [&node](const auto& x) { return x.second.node == node; });
}

std::variant<std::string, remote_links::verdict> remote_links::choose(std::string_view key,
                                                                      std::uint64_t bytes,
                                                                      const std::vector<std::string>& asked,
                                                                      time_point now) const {
  if (auto awake = choose_awake(key, bytes, asked, now)) return *awake;
  std::vector<std::string> silent;
  auto out = verdict::no_node;
  for (auto& [name, x] : nodes_) {
    if (x.retiring) continue;
    if (out == verdict::no_node) out = verdict::all_asked;
    if (has(asked, name)) continue;
    out = verdict::full;
    if (has_room(x, bytes)) silent.push_back(name);
  }
  if (silent.empty()) return out;
  return silent[owner_of(key, silent)];
}

std::optional<std::string> remote_links::choose_awake(std::string_view key, std::uint64_t bytes,
                                                      const std::vector<std::string>& asked,
                                                      time_point now) const {
  std::vector<std::string> able;
  for (auto& [name, x] : nodes_)
    if (!x.retiring && !has(asked, name) && has_room(x, bytes) && !is_silent(x, now)) able.push_back(name);
  if (able.empty()) return std::nullopt;
  return able[owner_of(key, able)]; // the first in rank of those that are left
}

void remote_links::on_sent(const std::string& node, std::uint64_t number, std::uint64_t bytes,
                           time_point now) {
  bytes = counted(bytes);
  requests_.emplace(number, request{node, bytes, now});
  auto& x = nodes_.at(node);
  ++x.unanswered;
  x.unread_bytes += bytes;
  x.unread.insert(number);
  unread_bytes_ += bytes;
}

void remote_links::on_word(std::uint64_t number) {
  auto i = requests_.find(number);
  if (i == requests_.end() || std::exchange(i->second.read, true)) return;
  auto& x = nodes_.at(i->second.node);
  x.unread_bytes -= i->second.bytes;
  x.unread.erase(number);
  unread_bytes_ -= i->second.bytes;
  forget_if_done(number);
}

void remote_links::on_over(std::uint64_t number) {
  auto i = requests_.find(number);
  if (i == requests_.end()) return;
  i->second.over = true;
  forget_if_done(number);
}

std::vector<std::uint64_t> remote_links::unread_too_long(time_point now) const {
  std::vector<std::uint64_t> out;
  for (auto& [name, x] : nodes_)
    for (auto number : x.unread) {
      if (now - requests_.at(number).since < limits_.silence) break;
      out.push_back(number);
    }
  return out;
}

bool remote_links::has_room(const node& x, std::uint64_t bytes) const {
  if (x.unanswered >= limits_.unanswered) return false;
  return x.unread_bytes == 0 || x.unread_bytes + counted(bytes) <= limits_.unread_bytes;
}

bool remote_links::is_silent(const node& x, time_point now) const {
  return !x.unread.empty() && now - requests_.at(*x.unread.begin()).since >= limits_.silence;
}

void remote_links::forget_if_done(std::uint64_t number) {
  auto i = requests_.find(number);
  if (!i->second.read || !i->second.over) return;
  --nodes_.at(i->second.node).unanswered;
  requests_.erase(i);
}

} // namespace weir
