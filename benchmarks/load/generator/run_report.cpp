// What a run says at its end.

#include "benchmarks/load/generator/clock.hpp"
#include "benchmarks/load/generator/run.hpp"

#include <cmath>
#include <cstdio>

#include <unistd.h>

namespace weir::bench {

namespace {

using json = nlohmann::ordered_json;

double rounded(double x) { return std::round(x * 1000) / 1000; }

double per(double what, double of) { return of > 0 ? rounded(what / of) : 0; }

double grown(std::uint64_t from, std::uint64_t to) {
  return static_cast<double>(to) - static_cast<double>(from);
}

json memory(const server_usage& x) {
  return {{"rss", x.rss_bytes},
          {"user", x.user_bytes},
          {"tcp", x.tcp_bytes},
          {"slab", x.slab_bytes},
          {"threads", x.threads}};
}

} // namespace

json run::percentiles_ms(const latencies& ns) {
  auto ms = [&](double share) { return rounded(to_ms(ns.percentile(share))); };
  return {{"count", ns.count()}, {"p50", ms(0.5)},     {"p90", ms(0.9)},
          {"p99", ms(0.99)},     {"p99.9", ms(0.999)}, {"max", rounded(to_ms(ns.max()))}};
}

void run::report_connects(double seconds) {
  auto& x = clients_->figures();
  report_["connect"] = {{"connections", clients_->size()},
                        {"seconds", rounded(seconds)},
                        {"per_s", per(static_cast<double>(clients_->size()), seconds)},
                        {"handshake_ms", percentiles_ms(x.handshake_ns)},
                        {"wait_ms", percentiles_ms(x.wait_ns)},
                        {"attempts", x.attempts},
                        {"refused_503", x.refused_503},
                        {"failed", x.failed_attempts}};
}

void run::report_traffic() {
  auto x = events_.counts(*clients_);
  auto& f = clients_->figures();
  auto seconds = report_.value("seconds", 0.0);
  report_["events"] = {
      {"sent", x.sent}, {"accepted", x.accepted}, {"refused", x.refused}, {"left_out", x.left_out}};
  if (!events_.refusals().empty()) report_["refusals"] = events_.refusals();
  report_["deliveries"] = {{"expected", x.expected},
                           {"received", x.received},
                           {"lost", x.lost},
                           {"late", x.late},
                           {"doubled", x.doubled},
                           {"misrouted", x.misrouted},
                           {"seq_backwards", x.seq_backwards}};
  report_["deliveries_per_s"] = per(static_cast<double>(x.received - received_before_), seconds);
  for (auto& cohort : events_.cohorts())
    for (std::size_t i = 0; i < cohort.ns.size(); ++i) {
      auto name = cohort.ns.size() == 1 ? cohort.name : cohort.name + '.' + std::to_string(i);
      if (cohort.ns[i].count() > 0) report_["latency_ms"][name] = percentiles_ms(cohort.ns[i]);
    }
  report_["generator_late_ms_max"] = rounded(to_ms(events_.late_ns().max()));
  report_["generator_late_ms_p99"] = rounded(to_ms(events_.late_ns().percentile(0.99)));
  if (!f.notices.empty()) report_["notices"] = f.notices;
  if (f.lost + f.drained + f.reconnects == 0) return;
  latencies silence;
  for (std::uint32_t i = 0; i < clients_->size(); ++i)
    if (auto& c = clients_->at(i); c.subscribes) silence.add(c.silence_ns);
  report_["reconnects"] = {
      {"lost", f.lost}, {"drained", f.drained}, {"reconnects", f.reconnects}, {"recovered", f.recovered}};
  report_["longest_silence_ms"] = percentiles_ms(silence);
}

void run::report_server() {
  auto own = read_usage({getpid()});
  report_["generator"] = {{"cpu_s", rounded(own.cpu_s - generator_.cpu_s)}, {"user_bytes", own.user_bytes}};
  if (settings_.server_pids.empty()) return;
  auto connections = static_cast<double>(clients_->size());
  auto deliveries = static_cast<double>(events_.received() - received_before_);
  auto cpu_s = over_.cpu_s - measured_.cpu_s;
  report_["server"] = {{"cpu_s", rounded(cpu_s)},
                       {"cores", per(cpu_s, report_.value("seconds", 0.0))},
                       {"connect_cpu_s", rounded(connected_.cpu_s - before_.cpu_s)},
                       {"user_memory", "Pss_Anon"},
                       {"bytes_before", memory(before_)},
                       {"bytes_connected", memory(connected_)},
                       {"bytes_end", memory(over_)}};
  report_["server_cpu_us_per_delivery"] = per(1e6 * cpu_s, deliveries);
  report_["server_user_cpu_us_per_delivery"] =
      per(1e6 * (over_.user_cpu_s - measured_.user_cpu_s), deliveries);
  report_["user_bytes_per_connection"] = per(grown(before_.user_bytes, connected_.user_bytes), connections);
  report_["kernel_slab_bytes_per_connection"] =
      per(grown(before_.slab_bytes, connected_.slab_bytes), connections);
}

int run::finish() {
  report_traffic();
  report_server();
  auto good = events_.counts(*clients_).good();
  report_["good"] = good;
  std::printf("%s\n", report_.dump().c_str());
  std::fflush(stdout);
  std::fprintf(stderr, "%s, %s, %u clients: %.0f deliveries/s", settings_.mode.c_str(),
               settings_.dialect.c_str(), settings_.clients, report_["deliveries_per_s"].get<double>());
  if (report_.contains("latency_ms"))
    for (auto& [name, x] : report_["latency_ms"].items())
      std::fprintf(stderr, "; %s p50 %.2f p99 %.2f p99.9 %.2f max %.2f ms", name.c_str(),
                   x["p50"].get<double>(), x["p99"].get<double>(), x["p99.9"].get<double>(),
                   x["max"].get<double>());
  std::fprintf(stderr, "; generator late by %.2f ms at most; %s\n",
               report_["generator_late_ms_max"].get<double>(),
               good ? "in order, none lost, none doubled" : report_["deliveries"].dump().c_str());
  return good ? 0 : 1;
}

} // namespace weir::bench
