#pragma once

#include "actors/core/utf8.hpp"
#include "testing/scripted_backend.hpp"
#include "tests/support/member.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace weir::test {

/// A client that calls, watches and works.
class runner : public member {
public:
  runner(node_fixture& node, relay& at, const std::string& client_id)
    : member(node, at, client_id), node_(node), relay_(at), number_(joined()) {}

  answer call(const std::string& id, const std::string& target = "assistant", const std::string& thread = {},
              busy_policy on_busy = busy_policy::concurrent, std::int64_t timeout_ms = 0, bool tied = false) {
    auto what = node_fixture::call_of(target, id, '"' + id + '"', timeout_ms, true);
    what.client_id = client_id();
    what.thread = thread;
    what.on_busy = on_busy;
    what.cancel_on_disconnect = tied;
    return asked(relay_.call(number_, "c:" + id, what));
  }

  answer watch(const std::string& run_id, std::uint64_t at = 0) {
    return asked(relay_.watch(number_, "x:" + run_id, run_id, at));
  }

  answer unwatch(const std::string& run_id) { return asked(relay_.unwatch(number_, "x:" + run_id, run_id)); }
  answer cancel(const std::string& run_id) { return asked(relay_.cancel(number_, "x:" + run_id, run_id)); }

  answer delta(const std::string& run_id, const std::string& text, std::uint64_t at = worker_delta::append) {
    return asked(relay_.work(number_, "x:" + run_id, worker_delta{0, run_id, at, text}));
  }

  answer finish(const std::string& run_id, const std::string& output) {
    return asked(relay_.work(number_, "x:" + run_id, worker_result{0, run_id, output, false, {}, {1, 2}}));
  }

  answer give_up(const std::string& run_id, const std::string& why) {
    return asked(relay_.work(number_, "x:" + run_id, worker_result{0, run_id, "null", true, why, {}}));
  }

  /// The deltas of a run, joined; fails on an overlap or a hole. @param at where they begin.
  std::string streamed(const std::string& run_id, std::uint64_t at = 0) const {
    std::string out;
    for (auto& x : updates) {
      if (x.finished || x.delta.run_id != run_id) continue;
      CHECK(x.delta.at == at + utf8::code_points(out));
      out += x.delta.text;
    }
    return out;
  }

  /// The ephemeral events of the server that came, with their run: `started alice/1`.
  std::vector<std::string> told_of_runs() const {
    std::vector<std::string> out;
    for (auto& x : deliveries)
      if (x.what->type.rfind("sys.run.", 0) == 0)
        out.push_back(x.what->type.substr(8) + ' '
                      + nlohmann::json::parse(x.what->data).at("run_id").get<std::string>());
    return out;
  }

private:
  answer asked(const refusal& no) {
    REQUIRE_FALSE(no.refused());
    node_.run();
    REQUIRE_FALSE(answers.empty());
    return answers.back().second;
  }

  node_fixture& node_;
  relay& relay_;
  std::uint64_t number_;
};

/// A node with a prompt agent `assistant` on a scripted model, an external agent `worker`, and `echo`.
class streams_fixture : public node_fixture {
public:
  std::shared_ptr<scripted_state> model = std::make_shared<scripted_state>();
  relay* via = nullptr;

  streams_fixture() {
    plan.agents.push_back({"assistant", "prompt", {}});
    plan.agents.push_back({"worker", "external", {}});
    plan.agents.back().external.timeout_ms = 1000;
  }

  void begin() {
    model_config cfg;
    cfg.name = "default";
    cfg.workers = 8;
    cfg.timeout_ms = 2000;
    auto pool = make_pool(
        sys, cfg, [state = model] { return std::make_shared<scripted_backend>(state); }, unit);
    own(pool.actor);
    models["default"] = pool;
    via = &open("demo");
  }

  runner client(const std::string& id) { return {*this, *via, id}; }

  /// The model's next answer: so many pieces of one letter, 10 ms apart.
  void answer_slowly(int pieces) {
    std::vector<std::string> all;
    for (int i = 0; i < pieces; ++i) all.push_back(i % 2 == 0 ? "ä" : "b");
    model->scripts.push_back(script::answer(std::move(all)));
  }
};

} // namespace weir::test
