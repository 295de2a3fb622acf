#include <nlohmann/json.hpp>
#include <weir/agent.hpp>

using nlohmann::json;

struct greeter : weir::agent {
  // `weir call greeter '"Ann"'`
  void on_call(const weir::agent_call& what, weir::task job) override {
    auto name = json::parse(what.input).get<std::string>();
    auto count = [](const json& n) { return n.is_null() ? json(1) : json(n.get<int>() + 1); };
    job.state().update(name, count, [job, name](const json& n, const weir::refusal& no) {
      if (no.refused()) return job.fail(no.message);
      if (n == 1) return job.reply({{"text", "Hello " + name + ", for the first time"}});
      job.reply({{"text", "Hello again, " + name + ": " + n.dump() + " times now"}});
    });
  }
};

WEIR_PLUGIN(registry) { registry.add<greeter>("greeter"); }
