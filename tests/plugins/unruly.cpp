// Agents that do what no agent should.
#include <nlohmann/json.hpp>
#include <weir/agent.hpp>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace {

using nlohmann::json;

/// Never returns from a call.
class stuck : public weir::agent {
public:
  void on_call(const weir::agent_call&, weir::task) override {
    while (true) std::this_thread::sleep_for(std::chrono::seconds{1});
  }
};

/// Ends the process on what says so.
class deadly : public weir::agent {
public:
  std::vector<std::string> patterns() const override { return {"in.*"}; }
  void on_event(const weir::event& what, weir::task job) override {
    if (what.data == "\"die\"") std::_Exit(3);
    job.emit("out.x", json::parse(what.data));
  }
  void on_call(const weir::agent_call& what, weir::task job) override {
    if (what.input == "\"die\"") std::_Exit(3);
    job.reply(json::parse(what.input));
  }
};

} // namespace

WEIR_PLUGIN(registry) {
  registry.add<stuck>("stuck");
  registry.add<deadly>("deadly");
}
