#include "actors/models/attempt_book.hpp"

namespace weir {

attempt* attempt_book::add(attempt& x) {
  auto ticket = ++last_ticket_;
  if (!waiting_.push(x.what.ns, ticket, ticket)) return nullptr;
  x.ticket = ticket;
  sinks_[x.what.sink.address()][x.what.id] = ticket;
  deadlines_.set(ticket, x.deadline);
  return &attempts_.emplace(ticket, std::move(x)).first->second;
}

attempt* attempt_book::make_room(const std::string& ns) {
  auto ticket = waiting_.make_room(ns);
  return ticket ? find(*ticket) : nullptr;
}

std::vector<std::uint64_t> attempt_book::take_waiting() {
  std::vector<std::uint64_t> tickets;
  while (auto ticket = waiting_.pop()) tickets.push_back(*ticket);
  return tickets;
}

attempt* attempt_book::start(std::uint64_t ticket, const caf::actor_addr& worker) {
  auto& x = attempts_.at(ticket);
  x.worker = worker;
  x.place.release();
  workers_[worker] = ticket;
  return &x;
}

attempt* attempt_book::find(std::uint64_t ticket) {
  auto i = attempts_.find(ticket);
  return i == attempts_.end() ? nullptr : &i->second;
}

attempt* attempt_book::find(const caf::actor_addr& sink, std::uint64_t id) {
  auto i = sinks_.find(sink);
  if (i == sinks_.end()) return nullptr;
  auto j = i->second.find(id);
  return j == i->second.end() ? nullptr : find(j->second);
}

attempt* attempt_book::find_by_worker(const caf::actor_addr& worker) {
  auto i = workers_.find(worker);
  return i == workers_.end() ? nullptr : find(i->second);
}

std::vector<std::uint64_t> attempt_book::of_sink(const caf::actor_addr& sink) const {
  std::vector<std::uint64_t> tickets;
  auto i = sinks_.find(sink);
  if (i == sinks_.end()) return tickets;
  for (auto& x : i->second) tickets.push_back(x.second);
  return tickets;
}

std::vector<std::uint64_t> attempt_book::unanswered() const {
  std::vector<std::uint64_t> tickets;
  for (auto& [ticket, x] : attempts_)
    if (!x.answered) tickets.push_back(ticket);
  return tickets;
}

std::optional<attempt> attempt_book::remove(std::uint64_t ticket) {
  auto i = attempts_.find(ticket);
  if (i == attempts_.end()) return std::nullopt;
  auto x = std::move(i->second);
  attempts_.erase(i);
  waiting_.erase(ticket);
  deadlines_.erase(ticket);
  if (x.worker) workers_.erase(x.worker);
  auto sink = sinks_.find(x.what.sink.address());
  if (sink != sinks_.end()) {
    auto id = sink->second.find(x.what.id);
    if (id != sink->second.end() && id->second == ticket) sink->second.erase(id);
    if (sink->second.empty()) sinks_.erase(sink);
  }
  return x;
}

} // namespace weir
