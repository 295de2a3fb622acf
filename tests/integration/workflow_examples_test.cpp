// The examples of workflows, as a new user would try them: the real node with their configurations.
#include "tests/integration/client.hpp"
#include "tests/paths.hpp"

#include <fstream>
#include <sstream>

using namespace weir::test;

namespace {

std::string example(const std::string& name) {
  std::ifstream file{std::string{WEIR_SOURCE_DIR} + "/apps/examples/workflows/" + name + ".json"};
  std::stringstream out;
  out << file.rdbuf();
  return out.str();
}

class example_node {
public:
  explicit example_node(const std::string& name) : node_(example(name)) { node_.start(); }

  json call(const std::string& target, const json& input, const std::string& id) {
    client alice{node_, "alice"};
    alice.send({{"op", "call"},
                {"target", target},
                {"message_id", id},
                {"input", input},
                {"stream", true},
                {"timeout_ms", 20'000}});
    return alice.await("result", 20s);
  }

  const node_process& node() const { return node_; }

private:
  node_process node_;
};

} // namespace

TEST_CASE("a draft is criticised, revised and published once a person has approved it", "[examples]") {
  example_node x{"review"};
  client alice{x.node(), "alice"};
  alice.subscribe("sys.run.>");
  alice.send({{"op", "call"}, {"target", "review"}, {"message_id", "r1"}, {"input", "What is a weir?"}});
  std::vector<std::string> agents;
  auto waiting = alice.await([&](const json& frame) {
    if (frame["op"] != "event") return false;
    auto& data = frame["data"];
    if (data.value("phase", "") == "started") agents.push_back(data["agent"]);
    return frame["type"] == "sys.run.waiting";
  });
  REQUIRE(waiting["data"]["run_id"] == "alice/r1");
  CHECK(waiting["data"]["on"] == "review.decision");
  CHECK(agents == std::vector<std::string>{"drafter", "critic", "drafter", "critic"});
  alice.publish("review.decision", "d1", {{"run_id", "alice/r1"}, {"approved", true}});
  auto result = alice.await("result");
  CHECK(result["status"] == "complete");
  CHECK(result["output"]["published"] == true);
  CHECK(result["output"]["text"].get<std::string>().find("holds the level") != std::string::npos);
}

TEST_CASE("a draft that a person sends back is written again with the remarks", "[examples]") {
  example_node x{"review"};
  client alice{x.node(), "alice"};
  alice.subscribe("sys.run.waiting");
  alice.send({{"op", "call"}, {"target", "review"}, {"message_id", "r1"}, {"input", "What is a weir?"}});
  alice.await("event");
  alice.publish("review.decision", "d1",
                {{"run_id", "alice/r1"}, {"approved", false}, {"remarks", "Shorter."}});
  auto result = alice.await("result");
  CHECK(result["status"] == "complete");
  CHECK(result["output"]["text"].get<std::string>().find("rewritten") != std::string::npos);
}

TEST_CASE("research goes on once two of three searchers have answered", "[examples]") {
  example_node x{"research"};
  auto result = x.call("research", "weirs", "r1");
  CHECK(result["status"] == "complete");
  CHECK(result["output"]["text"] == "Two sources agree that the weir holds.");
  auto& sources = result["output"]["sources"];
  REQUIRE(sources.size() == 3);
  CHECK(sources[0]["text"].get<std::string>().rfind("Paper", 0) == 0);
  CHECK(sources[2].is_null()); // it hangs, and was cancelled
}

TEST_CASE("triage hands over to specialists, as often as it takes", "[examples]") {
  example_node x{"triage"};
  CHECK(x.call("support", "All is well.", "c1")["output"]["text"] == "Good to hear. Is there anything else?");
  auto money = x.call("support", "My invoice is wrong.", "c2");
  CHECK(money["output"]["text"] == "The invoice is corrected; you get a new one tomorrow.");
  auto both = x.call("support", "My pump does not start, and the invoice is wrong.", "c3");
  CHECK(both["output"]["text"] == "The invoice is corrected; you get a new one tomorrow.");
}
