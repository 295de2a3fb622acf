#pragma once

// A test kit for authors of agents. It needs no test framework: what it finds out is values.
//
//   weir::testing::agent_test node;
//   node.run<my_agent>("mine", R"({"limit": 3})");
//   node.publish("in.x", {{"text", "hello"}});
//   assert(node.emitted().back().data == R"({"n":1})");

#include "actors/agents/registry.hpp"
#include "actors/core/json_print.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir::testing {

/// What a model does with one question.
struct model_script {
  std::vector<std::string> pieces; ///< What it says, piece by piece, 10 ms apart.
  bool hangs = false;              ///< After that it says no more.
  refusal error{};                 ///< After that it fails so.
  std::vector<tool_call> calls{};  ///< After that it calls these tools.

  static model_script answer(std::string text) { return {{std::move(text)}}; }
  static model_script hang() { return {{}, true}; }
  static model_script failure(code status) {
    return {{}, false, {status, "failed", "scripted", 0, {}, 0, 0}};
  }
  static model_script call(std::string tool, const nlohmann::json& arguments) {
    return {{}, false, {}, {{"call_1", std::move(tool), print_json(arguments)}}};
  }
};

/// A node with one namespace, `demo`, a store in memory, and a clock that stands still until `advance` moves
/// it. Everything happens on the test's own thread, in a fixed order: milliseconds a test, and no sleeps.
/// Agents that say that they block get no thread of their own here.
///
/// First say what runs there (`run`, `stub`, `script`), then use it; what is wrong with that throws
/// std::logic_error.
class agent_test {
public:
  agent_test();
  ~agent_test();
  agent_test(const agent_test&) = delete;
  agent_test& operator=(const agent_test&) = delete;

  /// Runs an agent of this type under this name. @param settings its `settings`, JSON text.
  template <class T>
  void run(const std::string& name, const std::string& settings = "{}") {
    agent_registry one;
    one.add<T>(name);
    run(name, settings, [one](const agent_config& cfg) { return one.make(cfg); });
  }
  void run(const std::string& name, const std::string& settings, agent_registry::factory make);

  /// Something else that can be called: gives each call's input to `what` and replies with what that returns.
  void stub(const std::string& name, std::function<nlohmann::json(const nlohmann::json& input)> what);

  /// What a model does with its next question; first come, first served. Without a script it says "fine". The
  /// model exists from the first mention on; `default` always does. Its time-out is 1 s, and it is not asked
  /// again.
  void script(const std::string& model, model_script what);
  void script(const std::string& model, const std::string& answer) {
    script(model, model_script::answer(answer));
  }

  /// What happens with no `durability`: no store, so that nothing outlives the namespace.
  void without_store();

  /// Publishes an event as the client `tester`. @returns its message id.
  std::string publish(const std::string& type, const nlohmann::json& data);

  /// Calls as the client `tester`. @returns the run's id, for `result`. Where the namespace refuses the call
  /// that is the result.
  std::string call(const std::string& target, const nlohmann::json& input, std::int64_t timeout_ms = 0);

  /// What came of a call; nothing while it goes on.
  std::optional<call_result> result(const std::string& run_id) const;

  /// Moves the clock, and runs what becomes due on the way.
  void advance(std::int64_t ms);

  /// What agents have emitted, oldest first. @param agent empty: all of them.
  std::vector<event> emitted(const std::string& agent = {}) const;

  /// What a model was asked, oldest first.
  std::vector<std::vector<chat_message>> asked(const std::string& model = "default") const;

  /// Events that could not be handled, as `sys.agent.dead_letter` tells them; and restarts of agents.
  std::vector<nlohmann::json> dead_letters() const;
  std::size_t restarts() const;

  /// Kills an agent as a crash does, and waits until its supervisor has started it again (2 s).
  void crash(const std::string& agent);

  /// Ends the node and starts another over the same store; runs and what had not been kept are gone with it.
  void restart();

  /// The store's next commits fail, so many of them.
  void break_store(int commits);

  /// A figure of an agent's own, `count` or `gauge`, or what the node counts of it (`timer_skipped`,
  /// `metrics_refused`). Nothing: there is none of that name.
  std::optional<double> metric(const std::string& agent, const std::string& name) const;

private:
  struct node;
  std::unique_ptr<node> node_;
};

} // namespace weir::testing
