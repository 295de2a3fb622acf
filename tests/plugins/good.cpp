// A plugin that works, and looks at whether it shares the node's exceptions, types and CAF.
#include <weir/agent.hpp>

#include "actors/messages/namespace.hpp"

#include <caf/message.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <stdexcept>
#include <thread>

namespace {

using nlohmann::json;

struct own_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class probe : public weir::agent {
public:
  void on_call(const weir::agent_call& what, weir::task job) override {
    auto input = json::parse(what.input);
    if (input == "throw") throw own_error("thrown in a plugin");
    if (input == "catch") return job.reply(caught(job));
    if (input == "types") return job.reply(to_string(caf::make_message(weir::server_event{"a.b", "1"})));
    if (input == "count")
      return job.state().update(
          "n", [](const json& n) { return n.is_null() ? json(1) : json(n.get<int>() + 1); },
          [job](const json& n, const weir::refusal&) { job.reply(n); });
    log().info("asked for " + what.input);
    job.reply({{"settings", json::parse(context().settings())}, {"agent", is_probe(this)}});
  }

private:
  /// What the node throws is the type that the plugin knows.
  static std::string caught(const weir::task& job) {
    try {
      job.emit("sys.mine", 1);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "nothing";
  }

  static bool is_probe(weir::agent* x) { return dynamic_cast<probe*>(x) != nullptr; }
};

/// Waits on its own thread until there is the file that it was given.
class blocker : public weir::agent {
public:
  bool blocking() const override { return true; }
  void on_call(const weir::agent_call& what, weir::task job) override {
    auto file = json::parse(what.input).get<std::string>();
    while (!std::ifstream{file}) std::this_thread::sleep_for(std::chrono::milliseconds{10});
    job.reply("unblocked");
  }
};

} // namespace

WEIR_PLUGIN(registry) {
  registry.add<probe>("probe");
  registry.add<blocker>("blocker");
}
