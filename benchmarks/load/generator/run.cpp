#include "benchmarks/load/generator/run.hpp"

#include "benchmarks/load/generator/clock.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <arpa/inet.h>
#include <unistd.h>

namespace weir::bench {

namespace {

constexpr std::int64_t nobody_there_ns = 5 * ns_per_s;
constexpr std::int64_t turn_ns = 50 * ns_per_ms; // the longest wait between two looks around

std::uint32_t parse_source(const std::string& text) {
  if (text.empty()) return 0;
  in_addr out{};
  if (inet_pton(AF_INET, text.c_str(), &out) != 1)
    throw std::invalid_argument("--source-base " + text + ": no IPv4 address");
  return ntohl(out.s_addr);
}

pool_settings pool_settings_of(const options& from, const std::vector<std::string>& namespaces) {
  pool_settings out;
  for (auto& x : from.targets) out.targets.push_back(address::parse(x));
  out.namespaces = namespaces;
  out.id_prefix = from.id_prefix;
  out.source_base = parse_source(from.source_base);
  out.sources = std::max(1U, from.sources);
  out.in_progress = std::max<std::size_t>(1, from.in_progress);
  out.reconnect = from.reconnect;
  out.reconnect_jitter_ms = from.reconnect_jitter_ms;
  return out;
}

traffic::config traffic_config_of(const options& from, const dialect& speaks) {
  traffic::config out;
  out.payload_bytes = from.payload_bytes;
  out.publishes = from.role != "subscribe";
  out.subscribes = from.role != "publish";
  out.keeps_unanswered = from.reconnect && speaks.can().acknowledges && speaks.can().resumes;
  return out;
}

} // namespace

run::run(const options& settings, const std::vector<std::string>& namespaces)
  : settings_(settings), dialect_(make_dialect(settings.dialect, {settings.ephemeral})),
    events_(traffic_config_of(settings, *dialect_), *dialect_),
    clients_(std::make_unique<pool>(pool_settings_of(settings, namespaces), *dialect_, events_)) {
  raise_descriptor_limit();
  report_["mode"] = settings_.mode;
  report_["dialect"] = settings_.dialect;
  if (!settings_.note.empty()) report_["note"] = settings_.note;
  report_["parameters"] = {{"clients", settings_.clients},     {"groups", settings_.groups},
                           {"namespaces", namespaces.size()},  {"payload_bytes", settings_.payload_bytes},
                           {"ephemeral", settings_.ephemeral}, {"role", settings_.role},
                           {"targets", settings_.targets},     {"reconnect", settings_.reconnect}};
}

std::vector<std::string> run::namespaces_of(const options& settings) {
  if (settings.namespaces <= 1) return {settings.ns};
  std::vector<std::string> out;
  for (int i = 0; i < settings.namespaces; ++i) out.push_back(settings.ns + '-' + std::to_string(i));
  return out;
}

std::uint32_t run::publishers_for(double per_s) const {
  if (settings_.publishers > 0) return settings_.publishers;
  if (settings_.dialect != "weir") return 1;
  return static_cast<std::uint32_t>(std::max(1.0, std::ceil(per_s / settings_.publish_limit)));
}

void run::turn_until(std::int64_t at_ns) {
  while (now_ns() < at_ns) clients_->turn(at_ns);
}

void run::connect() {
  before_ = usage();
  auto begin = now_ns();
  for (std::uint32_t i = 0; i < clients_->size(); ++i) clients_->connect(clients_->at(i));
  auto deadline = begin + from_s(settings_.connect_timeout_s);
  while (clients_->ready() < clients_->size()) {
    auto now = now_ns();
    if (now > begin + nobody_there_ns && clients_->figures().nobody_answers(clients_->ready()))
      throw std::runtime_error("no server answers at " + nlohmann::json(settings_.targets).dump());
    if (now > deadline)
      throw std::runtime_error("only " + std::to_string(clients_->ready()) + " of "
                               + std::to_string(clients_->size()) + " clients were ready in time: "
                               + nlohmann::json(clients_->figures().notices).dump());
    clients_->turn(std::min(deadline, now + turn_ns));
  }
  report_connects(to_s(now_ns() - begin));
  turn_until(now_ns() + from_s(settings_.pause_s));
  connected_ = measured_ = usage();
  generator_ = read_usage({getpid()});
}

void run::wait_for_start() {
  start_ns_ = now_ns();
  if (settings_.start_at_s > 0)
    start_ns_ = std::max(start_ns_, start_ns_ + from_s(settings_.start_at_s) - clock_ns(CLOCK_REALTIME));
  turn_until(start_ns_);
}

void run::open_loop(double seconds, const std::function<void()>& watch) {
  wait_for_start();
  auto measure_ns = start_ns_ + from_s(settings_.warmup_s);
  events_.start(start_ns_, seconds + settings_.warmup_s, measure_ns);
  auto measuring = false;
  for (std::int64_t next; (next = events_.next_ns()) != pacer::never;) {
    auto now = now_ns();
    if (!measuring && now >= measure_ns) {
      measuring = true;
      measured_ = usage();
      generator_ = read_usage({getpid()});
      start_ns_ = now;
      received_before_ = events_.received();
    }
    events_.publish_due(now_ns(), *clients_);
    if (watch) watch();
    clients_->turn(std::min(events_.next_ns(), now + turn_ns));
  }
}

void run::settle(const std::function<void()>& watch) {
  auto last = events_.received();
  auto patience_ns = from_s(settings_.settle_s);
  for (auto deadline = now_ns() + patience_ns; !events_.complete() && now_ns() < deadline;) {
    clients_->turn(std::min(deadline, now_ns() + turn_ns));
    if (watch) watch();
    if (std::exchange(last, events_.received()) != events_.received()) deadline = now_ns() + patience_ns;
  }
  over_ = usage();
  report_["seconds"] = to_s(std::max(events_.last_delivery_ns(), start_ns_) - start_ns_);
}

bool run::bursts(std::uint32_t events, std::uint32_t count) {
  constexpr std::uint32_t warmup = 1;
  latencies burst_ns;
  wait_for_start();
  for (std::uint32_t i = 0; i < count + warmup; ++i) {
    auto begin = now_ns();
    if (i == warmup) {
      measured_ = usage();
      generator_ = read_usage({getpid()});
      begin = start_ns_ = now_ns();
      received_before_ = events_.received();
    }
    events_.start(start_ns_, 0, i < warmup ? pacer::never : 0);
    events_.publish_burst(events, begin, *clients_);
    auto last = events_.received();
    for (auto deadline = begin + from_s(settings_.settle_s); !events_.complete();) {
      clients_->turn(now_ns() + turn_ns);
      if (std::exchange(last, events_.received()) != events_.received())
        deadline = now_ns() + from_s(settings_.settle_s);
      if (now_ns() > deadline) return false;
    }
    if (i >= warmup) burst_ns.add(now_ns() - begin);
  }
  report_["burst_ms"] = percentiles_ms(burst_ns);
  return true;
}

} // namespace weir::bench
