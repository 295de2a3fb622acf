#include "actors/models/remote/remote_calls.hpp"

#include <algorithm>

namespace weir {

remote_call& remote_calls::add(remote_call x, time_point answer_by) {
  auto number = x.number;
  sinks_[x.what.sink.address()][x.what.id] = number;
  deadlines_.set(number, answer_by);
  return calls_.insert_or_assign(number, std::move(x)).first->second;
}

remote_call* remote_calls::find(std::uint64_t number) {
  auto i = calls_.find(number);
  return i == calls_.end() ? nullptr : &i->second;
}

std::optional<std::uint64_t> remote_calls::number_of(const caf::actor_addr& sink, std::uint64_t id) const {
  auto i = sinks_.find(sink);
  if (i == sinks_.end()) return std::nullopt;
  auto j = i->second.find(id);
  if (j == i->second.end()) return std::nullopt;
  return j->second;
}

std::vector<std::uint64_t> remote_calls::of_sink(const caf::actor_addr& sink) const {
  std::vector<std::uint64_t> out;
  auto i = sinks_.find(sink);
  if (i == sinks_.end()) return out;
  for (auto& x : i->second) out.push_back(x.second);
  return out;
}

std::vector<std::uint64_t> remote_calls::at(const std::string& node) const {
  std::vector<std::uint64_t> out;
  for (auto& [number, x] : calls_)
    if (x.node() == node) out.push_back(number);
  std::sort(out.begin(), out.end()); // who came first is passed on first
  return out;
}

std::vector<std::uint64_t> remote_calls::all() const {
  std::vector<std::uint64_t> out;
  for (auto& x : calls_) out.push_back(x.first);
  return out;
}

std::optional<remote_call> remote_calls::remove(std::uint64_t number) {
  auto i = calls_.find(number);
  if (i == calls_.end()) return std::nullopt;
  auto x = std::move(i->second);
  calls_.erase(i);
  deadlines_.erase(number);
  auto sink = sinks_.find(x.what.sink.address());
  auto id = sink->second.find(x.what.id);
  if (id != sink->second.end() && id->second == number) sink->second.erase(id);
  if (sink->second.empty()) sinks_.erase(sink);
  return x;
}

} // namespace weir
