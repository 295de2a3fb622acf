#include "word_count.hpp"

#include <weir/testing.hpp>

#include <algorithm>
#include <iostream>

// Any test framework will do, or none.
#define CHECK(x)                                                                                             \
  if (!(x)) return std::cerr << __FILE__ << ':' << __LINE__ << ": " #x "\n", 1

int main() {
  using json = nlohmann::json;
  weir::testing::agent_test node;
  node.run<word_count>("words", R"({"report_ms": 1000, "milestone": 5, "notify": "party"})");
  node.stub("party", [](const json& input) { return "hurray for " + input["room"].get<std::string>(); });
  node.script("default", "Quite a talkative room, indeed");

  node.publish("say.hall", "one two three");
  CHECK(node.emitted("words").back().data == "3");
  node.crash("words"); // and again from what it has kept
  node.publish("say.hall", "four five");
  node.restart();
  auto all = node.emitted("words");
  auto with = [&all](const std::string& type) {
    return std::count_if(all.begin(), all.end(), [&](auto& x) { return x.type == type; });
  };
  CHECK(with("words.hall") == 2);
  CHECK(with("milestone.hall") == 1);
  CHECK(with("report.words") >= 2);

  auto run = node.call("words", {{"room", "hall"}});
  node.advance(100);
  CHECK(node.result(run)->output
        == R"({"comment":"Quite a talkative room, indeed","room":"hall","words":5})");
  CHECK(!node.result(node.call("words", "nothing"))->ok());
  CHECK(node.metric("words", "words") == 5);

  node.script("default", weir::testing::model_script::hang()); // its answer is empty then
  auto late = node.call("words", {{"room", "attic"}});
  node.advance(2000);
  CHECK(node.result(late)->output == R"({"comment":"","room":"attic","words":0})");
  return 0;
}
