#include "actors/agents/context.hpp"

#include <caf/actor_system.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/histogram.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <variant>

namespace weir {

namespace {

namespace telemetry = caf::telemetry;

constexpr std::size_t max_name_bytes = 48;
constexpr std::array<double, 15> buckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                         0.5,   1,      2.5,   5,    10,    30,   60};
constexpr caf::string_view help = "An agent's own figure.";

/// What follows the prefix, in CAF's way of writing.
std::string family_of(const std::string& name) {
  auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (name.empty() || name.size() > max_name_bytes || name[0] < 'a' || name[0] > 'z'
      || !std::all_of(name.begin(), name.end(), good))
    throw std::invalid_argument("metrics: the name " + name
                                + " must be 1 to 48 of a-z 0-9 _, a letter first");
  auto out = "agent-" + name;
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

} // namespace

struct agent_metrics::figures {
  using figure = std::variant<telemetry::int_counter*, telemetry::dbl_gauge*, telemetry::dbl_histogram*>;
  using labels = std::vector<telemetry::label_view>;

  caf::actor_system& sys;
  std::string ns;
  std::string agent;
  agent_log log{ns, agent};
  std::map<std::string, figure> known{};
  bool warned = false;

  labels own_labels() const { return {{"agent", agent}, {"namespace", ns}}; }

  /// The figure of this name, made by `make` when it is new; null: there are too many.
  template <class T, class Make>
  T* find(const std::string& name, Make make) {
    auto i = known.find(name);
    if (i == known.end()) {
      auto family = family_of(name);
      if (known.size() >= max_names) return refuse(name), nullptr;
      i = known.emplace(name, guarded(name, [&] { return make(family); })).first;
    }
    if (auto* x = std::get_if<T*>(&i->second)) return *x;
    throw std::invalid_argument("metrics: " + name + " is another kind of figure already");
  }

  /// CAF refuses a name that another agent of the node uses for another kind of figure.
  template <class F>
  static figure guarded(const std::string& name, F make) {
    try {
      return make();
    } catch (const std::exception& error) {
      throw std::invalid_argument("metrics: " + name + " is taken: " + error.what());
    }
  }

  void refuse(const std::string& name) {
    sys.metrics()
        .counter_instance("weir", "agents-metrics-refused", own_labels(),
                          "Figures of agents under too many names.", "1", true)
        ->inc();
    if (!std::exchange(warned, true))
      log.warn("metrics: " + name + " is not kept: the agent has " + std::to_string(max_names)
               + " names already");
  }
};

agent_metrics::agent_metrics(caf::actor_system& sys, std::string ns, std::string agent)
  : figures_(new figures{sys, std::move(ns), std::move(agent)}) {}

agent_metrics::~agent_metrics() = default;

void agent_metrics::count(const std::string& name, std::int64_t by) {
  if (by < 0) throw std::invalid_argument("metrics: " + name + " cannot count down");
  auto* x = figures_->find<telemetry::int_counter>(name, [this](const std::string& family) {
    return figures_->sys.metrics().counter_instance("weir", family, figures_->own_labels(), help, "1", true);
  });
  if (x != nullptr) x->inc(by);
}

void agent_metrics::gauge(const std::string& name, double value) {
  auto* x = figures_->find<telemetry::dbl_gauge>(name, [this](const std::string& family) {
    return figures_->sys.metrics().gauge_instance<double>("weir", family, figures_->own_labels(), help);
  });
  if (x != nullptr) x->value(value);
}

void agent_metrics::observe(const std::string& name, double seconds) {
  auto* x = figures_->find<telemetry::dbl_histogram>(name, [this](const std::string& family) {
    auto* all = figures_->sys.metrics().histogram_family<double>(
        "weir", family, {"agent", "namespace"}, {buckets.data(), buckets.size()}, help, "seconds");
    return all->get_or_add(figures_->own_labels());
  });
  if (x != nullptr) x->observe(seconds);
}

} // namespace weir
