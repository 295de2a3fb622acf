#include "apps/weir/reload/reloader.hpp"

#include "tests/support/config.hpp"

#include <nlohmann/json.hpp>

using namespace weir;
using namespace weir::test;

namespace {

/// A node's parts, that write down what they are told.
class reloader_fixture {
public:
  reloader_fixture() {
    all.add(part("limits", {"limits", "namespaces"}));
    all.add(part("log", {"log.level"}));
  }

  reload_part part(const std::string& name, lines keys) {
    return {name, std::move(keys),
            [this, name](const node_config& next) -> std::variant<reload_step, std::string> {
              if (refuses == name) return name + " says no";
              if (throws == name) throw std::runtime_error("out of order");
              return [this, name, next] {
                applied.push_back(name);
                last = next;
              };
            }};
  }

  reload_report reload(const std::string& text) {
    file = text;
    applied.clear();
    return all.reload();
  }

  std::string file = R"({"limits":{"burst":5}})";
  std::string refuses, throws;
  lines applied;
  node_config last;
  reloader all{good(file), [this] { return load(file); },
               std::make_shared<const agent_registry>(agent_registry::with_builtins())};
};

} // namespace

TEST_CASE("what differs between two configurations is named by key", "[reload]") {
  auto before = good(R"({"limits":{"burst":5},"models":{"old":{}},"agents":{"a":{"kind":"echo"}}})");
  auto after = good(R"({"listen":{"port":1},"limits":{"burst":6},"models":{"new":{}},
                        "agents":{"a":{"kind":"prompt","on":["x"],"emit":"y"}},
                        "namespaces":{"demo":{"limits":{"burst":9}}}})");
  CHECK(changed_keys(before, before).empty());
  auto changed = changed_keys(before, after);
  for (auto* key :
       {"listen.port", "limits.burst", "models.old", "models.new", "agents.a.kind", "namespaces.demo"}) {
    INFO(key);
    CHECK(std::count(changed.begin(), changed.end(), key) == 1);
  }
  CHECK(std::count(changed.begin(), changed.end(), "limits.sessions") == 0);
  auto redis = [](const std::string& password) {
    return good(R"({"store":{"kind":"redis","url":"redis://:)" + password + R"(@h"}})");
  };
  CHECK(changed_keys(redis("one"), redis("two")) == lines{"store.url"}); // though both are printed alike
}

TEST_CASE_METHOD(reloader_fixture, "a reload gives every part what is new, and names what needs a restart",
                 "[reload]") {
  auto got = reload(R"({"limits":{"burst":6},"listen":{"port":1},"log":{"level":"debug","format":"json"}})");
  CHECK(got.wrong.empty());
  CHECK(got.changed == lines{"limits.burst", "log.level"});
  CHECK(got.needs_restart == lines{"listen.port", "log.format"});
  CHECK(applied == lines{"limits", "log"});
  CHECK(last.bounds.burst == 6);
  CHECK(last.namespaces.at("*").bounds.burst == 6);
  CHECK(last.log.level == "debug");
  CHECK(last.log.format == "text");
  CHECK(last.listen.port == 8080);
  // What was not taken is named again, what was taken is not.
  got = reload(file);
  CHECK(got.changed.empty());
  CHECK(got.needs_restart == lines{"listen.port", "log.format"});
  CHECK(nlohmann::json::parse(print_report(got))["needs_restart"][0] == "listen.port");
}

TEST_CASE_METHOD(reloader_fixture, "a key that is taken out of the file has its default again", "[reload]") {
  CHECK(reload(R"({"namespaces":{"demo":{"limits":{"burst":7}}}})").changed
        == lines{"limits.burst", "namespaces.demo"});
  CHECK(last.namespace_for("demo").bounds.burst == 7);
  CHECK(reload("").changed == lines{"namespaces.demo"});
  CHECK(last.namespace_for("demo").bounds.burst == 400);
}

TEST_CASE_METHOD(reloader_fixture, "a wrong new file changes nothing and says why", "[reload]") {
  for (auto* text : {"{", R"({"limits":{"burst":0}})", R"({"limits":{"burst":9},"nod":1})"}) {
    INFO(text);
    auto got = reload(text);
    CHECK_FALSE(got.wrong.empty());
    CHECK(got.changed.empty());
    CHECK(applied.empty());
    CHECK(all.running().bounds.burst == 5);
  }
  CHECK(reload(R"({"limits":{"burst":0}})").wrong
        == lines{"limits.burst: 0 is out of range, must be 1 to 1000000"});
}

TEST_CASE_METHOD(reloader_fixture, "a part that cannot take it keeps all the others from it", "[reload]") {
  auto text = R"({"limits":{"burst":6},"log":{"level":"debug"}})";
  refuses = "log";
  CHECK(reload(text).wrong == lines{"log says no"});
  CHECK(applied.empty());
  refuses.clear();
  throws = "log";
  CHECK(reload(text).wrong == lines{"log: out of order"});
  CHECK(applied.empty());
  CHECK(all.running().bounds.burst == 5);
  throws.clear();
  CHECK(reload(text).wrong.empty());
  CHECK(applied == lines{"limits", "log"});
}
