// Events on their way: what is published, answered, published again, and delivered.

#include "benchmarks/load/generator/clock.hpp"
#include "benchmarks/load/generator/traffic.hpp"

#include <algorithm>
#include <stdexcept>

namespace weir::bench {

namespace {

constexpr std::size_t most_unanswered = 1'000'000; // of one publisher that keeps them
constexpr std::size_t full_bytes = 64 * 1024;      // waiting for a socket

} // namespace

void traffic::publish_due(std::int64_t now, pool& clients) {
  for (auto& x : streams_)
    while (x.schedule.next_ns() <= now) {
      auto event = x.schedule.take();
      late_ns_.add(now - x.schedule.due_ns(event));
      auto group = static_cast<std::uint32_t>(event % x.settings.groups);
      publish(x.first_group + group, x.schedule.due_ns(event), clients);
    }
  send_batches(clients);
}

void traffic::publish_burst(std::uint32_t events, std::int64_t now, pool& clients) {
  for (std::uint32_t g = 0; g < groups_.size(); ++g)
    for (std::uint32_t i = 0; i < events; ++i) publish(g, now, clients);
  send_batches(clients);
}

void traffic::publish(std::uint32_t group, std::int64_t due_ns, pool& clients) {
  auto& to = groups_[group];
  auto number = to.first_lane + static_cast<std::uint32_t>(to.events++ % to.lanes);
  auto& on = lanes_[number];
  auto& by = publishers_[on.publisher];
  if (settings_.publishes && streams_[to.stream].settings.skip_when_full
      && clients.at(by.client).out.size() > full_bytes) {
    ++left_out_;
    return;
  }
  event_name name{number, on.sent++};
  ++sent_;
  expected_ += to.receivers;
  if (!settings_.publishes) return;
  if (by.batch.empty()) with_batch_.push_back(on.publisher);
  append(by, name, group, due_ns);
  if (!settings_.keeps_unanswered) return;
  if (by.in_flight.size() >= most_unanswered) throw std::runtime_error("a million publishes are unanswered");
  by.in_flight.push_back({name, group, due_ns});
}

void traffic::append(publisher& by, const event_name& name, std::uint32_t group, std::int64_t due_ns) {
  body_.clear();
  append_stamp(body_, {name.lane, name.number, due_ns}, settings_.payload_bytes);
  auto to = pool_->endpoint_of(pool_->at(by.client));
  to.group = group;
  dialect_.append_publish(by.batch, to, name, body_);
}

/// One write for all that a publisher has to send now. What is kept unanswered is sent on the reconnect.
void traffic::send_batches(pool& clients) {
  if (with_batch_.empty()) return;
  std::vector<std::uint32_t> held;
  for (auto number : with_batch_) {
    auto& by = publishers_[number];
    auto& x = clients.at(by.client);
    if (x.at == client::phase::ready)
      clients.send(x, by.batch);
    else if (!settings_.keeps_unanswered) {
      held.push_back(number);
      continue;
    }
    by.batch.clear();
  }
  with_batch_ = std::move(held);
}

void traffic::on_ready(client& x) {
  if (!x.publishes || !settings_.keeps_unanswered) return;
  auto& by = publishers_[x.used_by];
  if (by.in_flight.empty()) return;
  by.batch.clear(); // all of it is among those in flight
  for (auto& e : by.in_flight) append(by, e.name, e.group, e.due_ns);
  std::erase(with_batch_, x.used_by);
  pool_->send(x, by.batch);
  by.batch.clear();
}

void traffic::on_delivery(client& x, std::string_view body, std::uint64_t seq, std::int64_t now) {
  auto what = read_stamp(body);
  auto& its = groups_[x.group];
  if (!what || what->lane - its.first_lane >= its.lanes || !x.subscribes) {
    ++misrouted_;
    return;
  }
  check_.take(x.check_at + what->lane - its.first_lane, what->number);
  if (seq != 0 && seq <= x.last_seq) ++seq_backwards_;
  x.last_seq = std::max(x.last_seq, seq);
  if (x.heard_ns != 0) x.silence_ns = std::max(x.silence_ns, now - x.heard_ns);
  x.heard_ns = now;
  last_delivery_ns_ = now;
  if (what->due_ns < phases_.front()) return;
  auto phase = phases_.size() - 1;
  while (what->due_ns < phases_[phase]) --phase;
  auto& cohort = cohorts_[x.cohort];
  cohort.ns[phase].add(now - what->due_ns);
  if (x.phase == phase) return;
  x.phase = static_cast<std::uint8_t>(phase);
  if (phase + 1 < phases_.size()) return;
  ++cohort.in_phase;
  cohort.in_phase_ns = now;
}

/// Gives false for an answer that has come before.
bool traffic::settle(client& x, const event_name& what) {
  auto& waiting = publishers_[x.used_by].in_flight;
  auto same = [&](const unanswered& e) { return e.name.lane == what.lane && e.name.number == what.number; };
  if (auto i = std::find_if(waiting.begin(), waiting.end(), same); i != waiting.end()) {
    waiting.erase(i);
    return true;
  }
  return false;
}

void traffic::on_accepted(client& x, const event_name& what) {
  if (settings_.keeps_unanswered && !settle(x, what)) return;
  ++accepted_;
}

void traffic::on_refused(client& x, const event_name& what, int code, std::string_view reason) {
  if (settings_.keeps_unanswered && !settle(x, what)) return;
  if (what.lane >= lanes_.size()) return;
  ++refused_;
  ++refusals_[std::to_string(code) + ' ' + std::string{reason}];
  auto& on = lanes_[what.lane];
  ++on.refused;
  expected_ -= groups_[on.group].receivers;
}

} // namespace weir::bench
