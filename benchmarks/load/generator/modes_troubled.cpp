// Modes in which somebody is loud, slow, or cut off: what do the others see of it?

#include "benchmarks/load/generator/clock.hpp"
#include "benchmarks/load/generator/modes.hpp"
#include "benchmarks/load/generator/run.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace weir::bench {

namespace {

struct tenant {
  std::string ns;
  std::uint32_t subscribers = 0;
  double rate = 0;
};

template <class Number>
bool read_number(std::string_view text, Number& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

tenant parse_tenant(const std::string& text) {
  tenant out;
  auto first = text.find(':'), second = text.find(':', first + 1);
  if (first == std::string::npos || second == std::string::npos
      || !read_number(std::string_view{text}.substr(first + 1, second - first - 1), out.subscribers)
      || !read_number(std::string_view{text}.substr(second + 1), out.rate))
    throw std::invalid_argument("--tenant " + text + ": not namespace:subscribers:rate");
  out.ns = text.substr(0, first);
  return out;
}

stream_settings one_group(const std::string& name, std::uint16_t ns, std::uint32_t subscribers,
                          double per_s) {
  stream_settings out;
  out.name = name;
  out.first_ns = ns;
  out.subscribers = subscribers;
  out.per_s = per_s;
  return out;
}

/// Groups over which the subscribers are spread, a part of them in a cohort of their own.
struct parted {
  run it;
  std::vector<std::uint32_t> apart; // their numbers in the pool

  parted(const options& settings, const char* others, const char* those) : it(settings, {settings.ns}) {
    auto stream = one_group(others, 0, settings.clients, settings.rate);
    stream.groups = settings.groups;
    stream.publishers = it.publishers_for(settings.rate * settings.groups);
    it.events().add_stream(stream, it.clients());
    auto cohort = it.events().add_cohort(those);
    auto take = static_cast<std::size_t>(settings.fraction * settings.clients);
    auto left = settings.clients; // taken evenly, so that no group is left out
    for (std::uint32_t i = 0; i < it.clients().size() && left > 0; ++i) {
      auto& x = it.clients().at(i);
      if (!x.subscribes) continue;
      auto due = take * (settings.clients - left + 1) / settings.clients;
      --left;
      if (apart.size() >= due) continue;
      x.cohort = cohort;
      apart.push_back(i);
    }
    it.report()["parameters"]["rate"] = settings.rate;
    it.report()["parameters"]["fraction"] = settings.fraction;
  }
};

/// Subscribers that stop reading, but for one frame per second each.
class slow_readers {
public:
  slow_readers(pool& clients, const std::vector<std::uint32_t>& who) : clients_(clients), who_(who) {}

  void begin() {
    auto now = now_ns();
    for (std::size_t i = 0; i < who_.size(); ++i) {
      clients_.set_reading(clients_.at(who_[i]), false);
      auto offset = ns_per_s * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(who_.size());
      clients_.call_at(now + offset, [this, number = who_[i]] { step(number); });
    }
  }

  void end() {
    over_ = true;
    for (auto number : who_) clients_.set_reading(clients_.at(number), true);
  }

private:
  void step(std::uint32_t number) {
    if (over_) return;
    clients_.read_one_frame(clients_.at(number));
    clients_.call_at(now_ns() + ns_per_s, [this, number] { step(number); });
  }

  pool& clients_;
  const std::vector<std::uint32_t>& who_;
  bool over_ = false;
};

} // namespace

int run_mixed(const options& settings) {
  std::vector<tenant> tenants;
  for (auto& x : settings.tenants) tenants.push_back(parse_tenant(x));
  std::vector<std::string> names;
  for (auto& x : tenants) names.push_back(x.ns);
  run it(settings, names);
  for (std::uint16_t i = 0; i < tenants.size(); ++i) {
    auto& x = tenants[i];
    auto stream = one_group(x.ns, i, x.subscribers, x.rate);
    stream.publishers = it.publishers_for(x.rate);
    it.events().add_stream(stream, it.clients());
  }
  it.report()["parameters"]["tenants"] = settings.tenants;
  it.connect();
  it.open_loop(settings.seconds);
  it.settle();
  for (std::size_t i = 0; i < tenants.size(); ++i)
    it.report()["tenants"][tenants[i].ns] = {{"sent", it.events().sent_by(i)},
                                             {"refused", it.events().refused_of(i)}};
  return it.finish();
}

int run_flood(const options& settings) {
  run it(settings, {settings.ns, settings.same_namespace ? settings.ns : settings.ns + "-quiet"});
  auto loud = one_group("flooded", 0, settings.clients, settings.flood_rate);
  loud.publishers = std::max(1U, settings.publishers);
  loud.skip_when_full = true;
  it.events().add_stream(loud, it.clients());
  it.events().add_stream(one_group("quiet", 1, 1, settings.rate), it.clients());
  it.report()["parameters"]["flood_rate"] = settings.flood_rate;
  it.report()["parameters"]["publishers"] = loud.publishers;
  it.report()["parameters"]["same_namespace"] = settings.same_namespace;
  it.report()["parameters"]["rate"] = settings.rate;
  it.connect();
  it.open_loop(settings.seconds);
  it.settle();
  for (std::size_t i : {0, 1})
    it.report()["streams"][i == 0 ? "flooded" : "quiet"] = {{"sent", it.events().sent_by(i)},
                                                            {"refused", it.events().refused_of(i)}};
  return it.finish();
}

int run_resume(const options& given) {
  auto settings = given;
  settings.reconnect = true;
  parted parts(settings, "stayed", "cut");
  auto& it = parts.it;
  auto& clients = it.clients();
  it.connect();
  auto gap_ns = from_s(settings.seconds / (settings.cuts + 1));
  auto next_cut = now_ns() + from_s(settings.warmup_s) + gap_ns;
  std::uint32_t cuts = 0;
  std::int64_t cut_ns = 0; // 0: nobody is away
  latencies all_back;
  auto handshakes = latencies{};
  auto watch = [&] {
    auto now = now_ns();
    if (cut_ns != 0 && clients.ready() == clients.size()) {
      all_back.add(now - std::exchange(cut_ns, 0));
      handshakes.merge(clients.figures().handshake_ns);
      it.events().next_phase(now);
      next_cut = std::max(next_cut, now + gap_ns / 2);
    }
    if (cut_ns != 0 || cuts == settings.cuts || now < next_cut) return;
    ++cuts;
    next_cut += gap_ns;
    clients.figures().handshake_ns = {};
    it.events().next_phase(cut_ns = now);
    for (auto number : parts.apart) clients.cut(clients.at(number));
    for (auto number : parts.apart) clients.connect(clients.at(number));
  };
  it.open_loop(settings.seconds, watch);
  it.settle(watch);
  it.report()["resume"] = {{"cuts", cuts},
                           {"clients", parts.apart.size()},
                           {"all_back_ms", run::percentiles_ms(all_back)},
                           {"handshake_ms", run::percentiles_ms(handshakes)},
                           {"phases", "0 before, 1 while away, 2 after; and so on"}};
  return it.finish();
}

int run_slow(const options& settings) {
  parted parts(settings, "normal", "slow");
  auto& it = parts.it;
  it.connect();
  slow_readers slow(it.clients(), parts.apart);
  slow.begin();
  auto peak = it.usage();
  auto between = 0.5 / settings.rate; // the last event of the first phase is read before the second begins
  auto slow_until = now_ns() + from_s(settings.warmup_s + settings.slow_for_s + between);
  auto look_at = std::int64_t{0};
  std::int64_t reading_ns = 0, caught_up_ns = 0;
  auto watch = [&] {
    auto now = now_ns();
    if (caught_up_ns == 0 && now >= look_at) {
      look_at = now + ns_per_s;
      if (auto x = it.usage(); x.user_bytes + x.tcp_bytes > peak.user_bytes + peak.tcp_bytes) peak = x;
    }
    if (reading_ns == 0 && now >= slow_until) {
      it.events().next_phase(reading_ns = now);
      slow.end();
    }
    auto& cohort = it.events().cohorts().back();
    if (reading_ns != 0 && caught_up_ns == 0 && cohort.in_phase == parts.apart.size())
      caught_up_ns = cohort.in_phase_ns;
  };
  it.open_loop(settings.slow_for_s + settings.seconds, watch);
  it.settle(watch);
  it.report()["slow"] = {{"clients", parts.apart.size()},
                         {"slow_for_s", settings.slow_for_s},
                         {"caught_up_s", caught_up_ns == 0 ? -1 : to_s(caught_up_ns - reading_ns)},
                         {"peak_user_bytes", peak.user_bytes},
                         {"peak_rss_bytes", peak.rss_bytes},
                         {"peak_tcp_bytes", peak.tcp_bytes},
                         {"phases", "0 while slow, 1 from reading on"}};
  return it.finish();
}

} // namespace weir::bench
