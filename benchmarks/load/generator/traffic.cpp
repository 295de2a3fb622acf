#include "benchmarks/load/generator/traffic.hpp"

#include <algorithm>
#include <stdexcept>

namespace weir::bench {

// -- who there is

void traffic::add_stream(const stream_settings& settings, pool& clients) {
  pool_ = &clients;
  auto& made = streams_.emplace_back();
  made.settings = settings;
  made.first_group = static_cast<std::uint32_t>(groups_.size());
  add_cohort(settings.name);
  add_groups(made, clients);
  if (settings_.subscribes) add_subscribers(made, clients);
}

std::uint8_t traffic::add_cohort(const std::string& name) {
  auto& made = cohorts_.emplace_back();
  made.name = name;
  made.ns.resize(phases_.size());
  return static_cast<std::uint8_t>(cohorts_.size() - 1);
}

void traffic::add_groups(const stream& to, pool& clients) {
  auto& s = to.settings;
  auto scope = dialect_.can().publishes_to;
  auto per_group = scope == dialect::scope::group;
  auto spread =
      scope == dialect::scope::ns ? s.namespaces : std::uint16_t{1}; // each with its own connections
  auto groups_of_one = (s.groups + spread - 1) / spread;
  auto lanes = s.echo ? 1 : per_group ? s.publishers : (s.publishers + groups_of_one - 1) / groups_of_one;
  std::vector<std::vector<std::uint32_t>> shared(spread);
  if (!per_group && !s.echo)
    for (std::uint16_t n = 0; n < spread; ++n)
      for (std::uint32_t p = 0; p < s.publishers; ++p)
        shared[n].push_back(add_publisher(s.first_ns + n, to.first_group, clients));
  for (std::uint32_t i = 0; i < s.groups; ++i) {
    auto number = static_cast<std::uint32_t>(groups_.size());
    auto ns = static_cast<std::uint16_t>(s.first_ns + i % s.namespaces);
    groups_.push_back({static_cast<std::uint32_t>(streams_.size() - 1), ns,
                       static_cast<std::uint32_t>(lanes_.size()), lanes, 0, 0});
    auto alone = per_group || (s.echo && !dialect_.can().duplex);
    for (std::uint32_t k = 0; k < lanes; ++k) {
      lane made;
      made.group = number;
      if (alone)
        made.publisher = add_publisher(ns, number, clients);
      else if (!s.echo)
        made.publisher = shared[i % spread][(i / spread * lanes + k) % s.publishers];
      lanes_.push_back(made);
    }
  }
}

std::uint32_t traffic::add_publisher(std::uint16_t ns, std::uint32_t group, pool& clients) {
  auto number = static_cast<std::uint32_t>(publishers_.size());
  auto& made = publishers_.emplace_back();
  if (!settings_.publishes) return number;
  auto& x = clients.add();
  x.publishes = true;
  x.ns = ns;
  x.group = group;
  x.used_by = number;
  made.client = x.number;
  return number;
}

void traffic::add_subscribers(const stream& to, pool& clients) {
  auto& s = to.settings;
  for (std::uint32_t i = 0; i < s.subscribers; ++i) {
    auto number = to.first_group + i % s.groups;
    auto& its = groups_[number];
    auto& x = clients.add();
    x.subscribes = true;
    x.ns = its.ns;
    x.group = number;
    x.cohort = static_cast<std::uint8_t>(cohorts_.size() - 1);
    x.check_at = check_.add_receiver(its.lanes);
    ++its.receivers;
    if (!s.echo || !dialect_.can().duplex) continue;
    x.publishes = true;
    x.used_by = static_cast<std::uint32_t>(publishers_.size());
    lanes_[its.first_lane].publisher = x.used_by;
    publishers_.emplace_back().client = x.number;
  }
}

// -- when

void traffic::start(std::int64_t start_ns, double seconds, std::int64_t measure_ns) {
  phases_.front() = measure_ns;
  for (auto& x : streams_) {
    auto per_s = x.settings.per_s * x.settings.groups;
    if (per_s > 0) x.schedule = pacer(start_ns, per_s, static_cast<std::uint64_t>(per_s * seconds));
  }
}

void traffic::next_phase(std::int64_t now) {
  phases_.push_back(now);
  for (auto& x : cohorts_) {
    x.ns.emplace_back();
    x.in_phase = 0;
  }
}

std::int64_t traffic::next_ns() const {
  auto out = pacer::never;
  for (auto& x : streams_) out = std::min(out, x.schedule.next_ns());
  return out;
}

void traffic::stop() {
  for (auto& x : streams_) x.schedule.stop();
}

// -- what came of it

bool traffic::complete() const {
  auto answered = !settings_.publishes || !dialect_.can().acknowledges || accepted_ + refused_ >= sent_;
  return answered && (!settings_.subscribes || check_.received() >= expected_);
}

traffic_counts traffic::counts(pool& clients) const {
  traffic_counts out;
  out.sent = sent_;
  out.accepted = accepted_;
  out.refused = refused_;
  out.left_out = left_out_;
  out.expected = expected_;
  out.received = check_.received();
  out.late = check_.late();
  out.doubled = check_.doubled();
  out.misrouted = misrouted_;
  out.seq_backwards = seq_backwards_;
  for (std::uint32_t i = 0; i < clients.size(); ++i) {
    auto& x = clients.at(i);
    if (!x.subscribes) continue;
    auto& its = groups_[x.group];
    for (std::uint32_t k = 0; k < its.lanes; ++k) {
      auto& of = lanes_[its.first_lane + k];
      auto missing = check_.missing(x.check_at + k, of.sent);
      if (missing > of.refused)
        out.lost += missing - of.refused;
      else
        out.misrouted += of.refused - missing; // refused, and delivered all the same
    }
  }
  return out;
}

std::uint64_t traffic::sum_of(std::size_t stream, std::uint32_t lane::*figure) const {
  std::uint64_t out = 0;
  for (auto& g : groups_)
    if (g.stream == stream)
      for (std::uint32_t k = 0; k < g.lanes; ++k) out += lanes_[g.first_lane + k].*figure;
  return out;
}

std::uint64_t traffic::sent_by(std::size_t stream) const { return sum_of(stream, &lane::sent); }
std::uint64_t traffic::refused_of(std::size_t stream) const { return sum_of(stream, &lane::refused); }

} // namespace weir::bench
