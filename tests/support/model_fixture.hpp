#pragma once

#include "actors/calls/model_call.hpp"
#include "actors/models/pool.hpp"
#include "actors/models/simulated/simulated_backend.hpp"
#include "testing/fixture.hpp"
#include "testing/scripted_backend.hpp"

#include <caf/action.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <map>

namespace weir::test {

/// An actor that makes model calls and keeps what comes of them.
class caller : public caf::event_based_actor {
public:
  explicit caller(caf::actor_config& cfg) : caf::event_based_actor(cfg) {}

  caf::behavior make_behavior() override {
    set_exit_handler([this](const caf::exit_msg& x) { quit(x.reason); });
    return {
        [this](const model_piece& x) { hand_over(x); },
        [this](const model_done& x) { hand_over(x); },
        [this](const model_failed& x) { hand_over(x); },
    };
  }

  void on_exit() override { calls.clear(); }

  void begin(const model_directory& models, model_question what) {
    auto number = what.number;
    auto& text = deltas[number];
    calls[number] = model_call::make(this, models, std::move(what),
                                     {[&text, this](std::uint64_t at, const std::string& more) {
                                        if (at != utf8_length(text)) ++holes;
                                        text += more;
                                      },
                                      [this, number](const call_outcome& x) { outcomes[number] = x; }});
    calls[number]->start();
  }

  bool over(std::uint64_t number) const { return outcomes.count(number) > 0; }

  std::map<std::uint64_t, std::shared_ptr<model_call>> calls;
  std::map<std::uint64_t, std::string> deltas;
  std::map<std::uint64_t, call_outcome> outcomes;
  int holes = 0;

private:
  static std::uint64_t utf8_length(const std::string& text);

  template <class T>
  void hand_over(const T& x) {
    auto i = calls.find(model_call::call_of(x.id));
    if (i != calls.end()) i->second->on(x);
  }
};

inline std::uint64_t caller::utf8_length(const std::string& text) {
  std::uint64_t n = 0;
  for (auto byte : text) n += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return n;
}

/// Pools and one caller on a virtual clock.
class model_fixture : public fixture {
public:
  model_fixture() : who(own(sys.spawn<caller>())) { run(); }

  static model_config config_of(const std::string& name, std::uint32_t workers = 1) {
    model_config x;
    x.name = name;
    x.workers = workers;
    x.timeout_ms = 1000;
    return x;
  }

  /// A pool whose backend does what `backends[name]` is told.
  void add_pool(const model_config& cfg) {
    auto state = backends[cfg.name] = std::make_shared<scripted_state>();
    add_pool(cfg, [state] { return std::make_shared<scripted_backend>(state); });
  }

  void add_pool(const model_config& cfg, backend_factory make) {
    auto pool = make_pool(sys, cfg, std::move(make), unit);
    own(pool.actor);
    models.insert_or_assign(cfg.name, pool);
    shares.clear();
    run();
  }

  scripted_state& backend_of(const std::string& name) { return *backends.at(name); }

  void call(std::uint64_t number, const std::string& model, std::int64_t timeout_ms = 0,
            const std::string& ns = "demo") {
    model_question what{number, ns, model, {{"user", "How deep is the weir?"}}, timeout_ms, 7};
    as_caller([this, what] { calls().begin(models_of(what.ns), what); });
  }

  /// The pools as this namespace sees them, made when it is first asked for, as a host does.
  const model_directory& models_of(const std::string& ns) {
    auto i = shares.find(ns);
    if (i != shares.end()) return i->second;
    auto account = std::make_shared<model_account>(sys, ns, ns, tokens_per_min);
    return shares.emplace(ns, pools_for(sys, models, account)).first->second;
  }

  /// The value of a counter; 0 when it was never counted.
  std::int64_t counted(caf::string_view name, std::vector<caf::telemetry::label_view> labels) {
    return sys.metrics().counter_instance("weir", name, labels, "", "1", true)->value();
  }

  void cancel(std::uint64_t number) {
    as_caller([this, number] { calls().calls.at(number)->cancel(); });
  }

  /// Runs `what` in the caller's context.
  template <class F>
  void as_caller(F what) {
    send(who, caf::make_action(std::move(what)));
  }

  caller& calls() { return deref<caller>(who); }
  const call_outcome& outcome(std::uint64_t number) { return calls().outcomes.at(number); }

  caf::actor who;
  model_directory models;
  std::map<std::string, model_directory> shares; ///< By namespace.
  std::uint64_t tokens_per_min = 0;              ///< Of the namespaces that are made from here on.
  std::map<std::string, std::shared_ptr<scripted_state>> backends;
};

} // namespace weir::test
