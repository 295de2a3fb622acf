#pragma once

// Real sockets and the real clock: "within the deadline plus 100 ms" is what is promised of a model that
// misbehaves, so here a wall time is checked.

#include "actors/calls/model_call.hpp"
#include "actors/core/utf8.hpp"
#include "actors/messages/meta_objects.hpp"
#include "actors/models/pool.hpp"
#include "net/io_thread.hpp"
#include "net/openai/openai_backend.hpp"
#include "tests/support/model_server.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/metric_registry.hpp>
#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weir::test {

inline constexpr std::int64_t slack_ms = 100;

struct finished_call {
  call_outcome outcome;
  std::string deltas;
  int holes = 0; ///< Deltas that did not begin where the one before had ended.
  std::int64_t wall_ms = 0;
  std::vector<tool_call> tool_calls;
};

/// Makes one call and ends.
class one_call : public caf::event_based_actor {
public:
  one_call(caf::actor_config& cfg, const model_directory& models, model_question what,
           std::shared_ptr<std::promise<finished_call>> result)
    : caf::event_based_actor(cfg), models_(models), what_(std::move(what)), result_(std::move(result)) {}

  caf::behavior make_behavior() override {
    began_ = std::chrono::steady_clock::now();
    call_ = model_call::make(this, models_, what_,
                             {[this](std::uint64_t at, const std::string& text) { on_delta(at, text); },
                              [this](const call_outcome& x) { finish(x); }});
    call_->start();
    return {
        [this](const model_piece& x) { call_->on(x); },
        [this](const model_done& x) {
          tool_calls_ = x.end.tool_calls;
          call_->on(x);
        },
        [this](const model_failed& x) { call_->on(x); },
        [this](model_cancel_atom, std::uint64_t) { call_->cancel(); },
    };
  }

private:
  void on_delta(std::uint64_t at, const std::string& text) {
    if (at != utf8::code_points(got_.deltas)) ++got_.holes;
    got_.deltas += text;
  }

  void finish(const call_outcome& x) {
    auto wall = std::chrono::steady_clock::now() - began_;
    got_.wall_ms = std::chrono::duration_cast<std::chrono::milliseconds>(wall).count();
    got_.outcome = x;
    got_.tool_calls = tool_calls_;
    result_->set_value(got_);
    quit();
  }

  const model_directory& models_;
  model_question what_;
  std::shared_ptr<std::promise<finished_call>> result_;
  std::shared_ptr<model_call> call_;
  finished_call got_;
  std::vector<tool_call> tool_calls_;
  std::chrono::steady_clock::time_point began_;
};

struct openai_fixture {
  openai_fixture() : sys(configure()), io(sys, 1) { io.start(); }

  ~openai_fixture() {
    for (auto& x : models) caf::anon_send_exit(x.second.actor, caf::exit_reason::user_shutdown);
    models.clear();
    sys.await_all_actors_done();
  }

  /// Two workers, one retry.
  model_config config_of(const std::string& name, std::int64_t timeout_ms, const model_server& where) {
    return config_of(name, timeout_ms, openai_config{where.url(), "tiny", ""});
  }

  model_config config_of(const std::string& name, std::int64_t timeout_ms, openai_config where) {
    model_config x;
    x.name = name;
    x.backend = std::move(where);
    x.workers = 2;
    x.timeout_ms = timeout_ms;
    x.retries = 1;
    return x;
  }

  /// Takes the place of one of the same name.
  void add_pool(const model_config& cfg) {
    auto& settings = std::get<openai_config>(cfg.backend);
    REQUIRE(check_openai_config(settings).message.empty());
    if (auto i = models.find(cfg.name); i != models.end())
      caf::anon_send_exit(i->second.actor, caf::exit_reason::user_shutdown);
    models.insert_or_assign(cfg.name,
                            make_pool(sys, cfg, make_openai_backend(io.at(0), cfg.name, settings), io.at(0)));
  }

  std::future<finished_call> begin(const std::string& model = "m") {
    auto result = std::make_shared<std::promise<finished_call>>();
    question.model = model;
    last = sys.spawn<one_call>(models, question, result);
    return result->get_future();
  }

  finished_call call(const std::string& model = "m") {
    auto result = begin(model);
    REQUIRE(result.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
    return result.get();
  }

  std::int64_t idle_connections(const std::string& model = "m") {
    return sys.metrics().gauge_instance("weir", "model-idle-connections", {{"model", model}}, "")->value();
  }

  caf::actor_system_config& configure() {
    init_meta_objects();
    cfg.set("caf.scheduler.max-threads", 2u);
    return cfg;
  }

  caf::actor_system_config cfg;
  caf::actor_system sys;
  io_threads io;
  model_directory models;
  model_question question{1, "demo", "m", {{"user", "How deep?"}}, 0, 7};
  caf::actor last;
};

} // namespace weir::test
