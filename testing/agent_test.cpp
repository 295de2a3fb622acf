#include "testing/agent_test.hpp"

#include "actors/agents/agent_host.hpp"
#include "actors/core/json_print.hpp"
#include "testing/node_fixture.hpp"
#include "testing/scripted_backend.hpp"

#include <caf/telemetry/collector/prometheus.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <map>
#include <sstream>
#include <stdexcept>

namespace weir::testing {

namespace {

constexpr std::int64_t restart_ms = 2000; // more than the first back-offs

/// Replies to calls with what a function gives.
class stub_agent : public agent {
public:
  using function = std::function<nlohmann::json(const nlohmann::json&)>;

  explicit stub_agent(function what) : what_(std::move(what)) {}

  void on_call(const agent_call& what, task job) override {
    job.reply(what_(nlohmann::json::parse(what.input)));
  }

private:
  function what_;
};

test::script script_of(const model_script& x) {
  test::script out;
  out.pieces = x.pieces;
  out.tool_calls = x.calls;
  if (x.hangs) out.end = test::script::ending::hang;
  if (!x.error.refused()) return out;
  out.end = test::script::ending::fail;
  out.error = x.error;
  out.retryable = false;
  return out;
}

} // namespace

struct agent_test::node : test::node_fixture {
  node() {
    plan.agents.clear();
    disk = std::make_shared<test::spy>();
    add_model("default");
  }

  test::scripted_state& add_model(const std::string& name) {
    if (auto i = backends.find(name); i != backends.end()) return *i->second;
    auto state = backends[name] = std::make_shared<test::scripted_state>();
    model_config cfg;
    cfg.name = name;
    cfg.timeout_ms = 1000;
    cfg.retries = 0;
    auto pool = make_pool(
        sys, cfg, [state] { return std::make_shared<test::scripted_backend>(state); }, unit);
    own(pool.actor);
    models.insert_or_assign(name, pool);
    test::fixture::run();
    return *state;
  }

  void add(const std::string& name, const std::string& settings, agent_registry::factory make) {
    if (via != nullptr) throw std::logic_error("agent_test: " + name + " comes after the first use");
    auto watched = [this, name, make](const agent_config& cfg) {
      auto out = make(cfg);
      living[name] = out.get();
      return out;
    };
    if (!registry.add(name, watched)) throw std::logic_error("agent_test: " + name + " is there already");
    agent_config cfg;
    cfg.name = name;
    cfg.kind = name;
    cfg.settings = settings;
    plan.agents.push_back(std::move(cfg));
  }

  void begin() {
    if (via != nullptr) return;
    start();
    attach();
  }

  /// Listens before anything runs, so that nothing is missed.
  void attach() {
    via = &deref<relay>(spawn_io<relay>(relay::config{"demo", the_host, nullptr}));
    me = via->join(tester);
    via->subscribe(me, ">");
    test::fixture::run();
  }

  void begin_again() {
    begin();
    via->leave(me);
    caf::anon_send_exit(the_host, caf::exit_reason::kill);
    test::fixture::run();
    living.clear();
    start();
    attach();
    test::fixture::advance(std::chrono::milliseconds{restart_ms});
  }

  test::recorder tester{"tester"};
  relay* via = nullptr;
  std::uint64_t me = 0;
  std::uint64_t last_id = 0;
  std::map<std::string, std::shared_ptr<test::scripted_state>> backends;
  std::map<std::string, agent*> living;
  std::map<std::string, call_result> refused; // by run
};

agent_test::agent_test() : node_(std::make_unique<node>()) {}

agent_test::~agent_test() = default;

void agent_test::run(const std::string& name, const std::string& settings, agent_registry::factory make) {
  node_->add(name, print_json(nlohmann::json::parse(settings)), std::move(make));
}

void agent_test::stub(const std::string& name, std::function<nlohmann::json(const nlohmann::json&)> what) {
  node_->add(name, "{}", [what](const agent_config&) { return std::make_unique<stub_agent>(what); });
}

void agent_test::script(const std::string& model, model_script what) {
  if (node_->via != nullptr && node_->backends.count(model) == 0)
    throw std::logic_error("agent_test: the model " + model + " comes after the first use");
  node_->add_model(model).scripts.push_back(script_of(what));
}

void agent_test::without_store() {
  node_->disk = nullptr;
  node_->plan.keep = durability::none;
}

std::string agent_test::publish(const std::string& type, const nlohmann::json& data) {
  node_->begin();
  auto id = "m" + std::to_string(++node_->last_id);
  auto no = node_->via->publish(node_->me, id, node::event_of("tester", id, type, print_json(data)));
  if (no.refused()) throw std::logic_error("agent_test: publish: " + no.message);
  node_->test::fixture::run();
  return id;
}

std::string agent_test::call(const std::string& target, const nlohmann::json& input,
                             std::int64_t timeout_ms) {
  node_->begin();
  auto id = "c" + std::to_string(++node_->last_id);
  auto what = node::call_of(target, id, print_json(input), timeout_ms);
  what.client_id = "tester";
  auto no = node_->via->call(node_->me, id, what);
  node_->test::fixture::run();
  for (auto& [reference, got] : node_->tester.answers)
    if (reference == id && got.no.refused()) no = got.no;
  auto run_id = "tester/" + id;
  if (no.refused()) node_->refused[run_id] = {run_status::failed, "null", no};
  return run_id;
}

std::optional<call_result> agent_test::result(const std::string& run_id) const {
  if (auto i = node_->refused.find(run_id); i != node_->refused.end()) return i->second;
  auto* x = node_->tester.result(run_id);
  if (x == nullptr) return std::nullopt;
  return call_result{x->status, x->output, x->error};
}

void agent_test::advance(std::int64_t ms) {
  node_->begin();
  node_->test::fixture::advance(std::chrono::milliseconds{ms});
}

std::vector<event> agent_test::emitted(const std::string& agent) const {
  std::vector<event> out;
  for (auto& x : node_->tester.deliveries) {
    auto& who = x.what->client_id;
    auto emitted = agent.empty() ? who.rfind("agent:", 0) == 0 : who == "agent:" + agent;
    if (emitted && x.what->type.rfind("sys.", 0) != 0) out.push_back(*x.what); // its calls are sys.call.*
  }
  return out;
}

std::vector<std::vector<chat_message>> agent_test::asked(const std::string& model) const {
  std::vector<std::vector<chat_message>> out;
  if (auto i = node_->backends.find(model); i != node_->backends.end())
    for (auto& x : i->second->asked) out.push_back(x.messages);
  return out;
}

std::vector<nlohmann::json> agent_test::dead_letters() const {
  std::vector<nlohmann::json> out;
  for (auto& x : node_->tester.deliveries)
    if (x.what->type == "sys.agent.dead_letter") out.push_back(nlohmann::json::parse(x.what->data));
  return out;
}

std::size_t agent_test::restarts() const {
  std::size_t out = 0;
  for (auto& x : node_->tester.deliveries) out += x.what->type == "sys.agent.restarting";
  return out;
}

void agent_test::crash(const std::string& agent) {
  node_->begin();
  auto i = node_->living.find(agent);
  if (i == node_->living.end()) throw std::logic_error("agent_test: no agent " + agent);
  node_->test::fixture::send(caf::actor_cast<caf::actor>(i->second->context().host_),
                             caf::exit_msg{{}, caf::exit_reason::kill});
  advance(restart_ms);
}

void agent_test::restart() { node_->begin_again(); }

void agent_test::break_store(int commits) {
  if (!node_->disk) throw std::logic_error("agent_test: there is no store");
  node_->disk->fail_next = commits;
}

std::optional<double> agent_test::metric(const std::string& agent, const std::string& name) const {
  caf::telemetry::collector::prometheus collector;
  auto text = collector.collect_from(node_->sys.metrics());
  std::istringstream all{std::string{text.begin(), text.end()}};
  auto labels = "{agent=\"" + agent + "\",namespace=\"demo\"} ";
  for (std::string line; std::getline(all, line);)
    for (auto& beginning : {"weir_agent_" + name + labels, "weir_agent_" + name + "_total" + labels,
                            "weir_agents_" + name + "_total" + labels})
      if (line.rfind(beginning, 0) == 0) return std::stod(line.substr(beginning.size()));
  return std::nullopt;
}

} // namespace weir::testing
