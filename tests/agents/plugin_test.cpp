#include "actors/agents/plugin.hpp"
#include "actors/agents/plugin_loader.hpp"
#include "tests/paths.hpp"
#include "tests/support/temp_folder.hpp"
#include "weir/testing.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>

using namespace weir;
using nlohmann::json;

namespace {

std::string file_of(const std::string& name) { return std::string{WEIR_TEST_PLUGINS} + "/" + name + ".so"; }

/// What is said of one that is refused, without the file's name.
std::string why_not(const std::string& path, agent_registry& kinds) {
  auto got = load_plugins({path}, "", kinds);
  CHECK(got.loaded.empty());
  if (got.refused.size() != 1) return "it was taken";
  auto begin = "plugin " + path + " is refused: ";
  CHECK(got.refused[0].rfind(begin, 0) == 0);
  return got.refused[0].substr(begin.size());
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("a plugin's agents become kinds, and run as others do", "[plugin]") {
  auto kinds = agent_registry::with_builtins();
  auto got = load_plugins({"good.so"}, WEIR_TEST_PLUGINS, kinds);
  CHECK(got.refused.empty());
  REQUIRE(got.loaded.size() == 1);
  CHECK(has(got.loaded[0], file_of("good")));
  CHECK(kinds.knows("probe"));
  CHECK(kinds.knows("echo"));

  testing::agent_test node;
  node.run("mine", R"({"a":1})", [kinds](const agent_config& cfg) {
    auto x = cfg;
    x.kind = "probe";
    return kinds.make(x);
  });
  auto ask = [&node](const std::string& what) { return *node.result(node.call("mine", what)); };
  CHECK(json::parse(ask("hello").output) == json{{"settings", {{"a", 1}}}, {"agent", true}});
  CHECK(ask("catch").output == R"("emit: sys.mine is the server's own")");
  CHECK(has(ask("types").output, "a.b")); // written by CAF's one table of types
  CHECK(ask("count").output == "1");
  CHECK(ask("count").output == "2");
  CHECK(has(ask("throw").error.message, "agent mine: on_call: "));
  CHECK(node.restarts() == 0);
  CHECK(ask("count").output == "3");
}

TEST_CASE("a plugin that cannot be taken is refused, and why names both sides", "[plugin]") {
  auto kinds = agent_registry::with_builtins();
  auto abi = why_not(file_of("wrong_abi"), kinds);
  CHECK(abi
        == "it has plugin ABI 999 (Weir 9.9.9), this node (Weir " WEIR_VERSION ") has "
               + std::to_string(plugin_abi));
  auto toolchain = why_not(file_of("wrong_toolchain"), kinds);
  CHECK(has(toolchain, "gcc 2, libstdc++ 2 abi 0, CAF 0.1.0 (Weir 0.0.9)"));
  CHECK(has(toolchain, plugin_toolchain));
  CHECK(has(why_not(file_of("wrong_layout"), kinds), "laid out otherwise"));
  CHECK(has(why_not(file_of("no_symbol"), kinds), "no symbol weir_plugin"));
  CHECK(has(why_not(file_of("no_register"), kinds), "no register function"));
  CHECK(has(why_not(file_of("undefined"), kinds), "function_of_a_later_version"));
  CHECK(has(why_not("/nowhere/libx.so", kinds), "No such file"));
}

TEST_CASE("what is no shared object at all is refused", "[plugin]") {
  test::temp_folder folder;
  std::ofstream{folder.file("text.so")} << "I am a text";
  auto kinds = agent_registry::with_builtins();
  CHECK(has(why_not(folder.file("text.so"), kinds), "file too short"));
  std::ofstream{folder.file("text.so")} << std::string(10'000, 'x');
  CHECK(has(why_not(folder.file("text.so"), kinds), "invalid ELF header"));
}

TEST_CASE("a plugin that throws or takes a taken name changes nothing", "[plugin]") {
  auto kinds = agent_registry::with_builtins();
  CHECK(why_not(file_of("throws"), kinds) == "its register function threw: no luck today");
  CHECK(!kinds.knows("half_way"));
  CHECK(has(why_not(file_of("throws_number"), kinds), "threw something"));
  CHECK(!kinds.knows("number"));
  CHECK(why_not(file_of("taken"), kinds) == "the node has these kinds already: echo");
  CHECK(!kinds.knows("new_kind"));
  CHECK(why_not(file_of("twice"), kinds) == "it registers names that are taken: two");
  CHECK(!kinds.knows("two"));
}

TEST_CASE("the others are loaded when one is refused, and the second of two of a name is", "[plugin]") {
  auto kinds = agent_registry::with_builtins();
  auto got = load_plugins({"throws.so", "good.so", "good.so"}, WEIR_TEST_PLUGINS, kinds);
  CHECK(got.loaded.size() == 1);
  REQUIRE(got.refused.size() == 2);
  CHECK(has(got.refused[1], "the node has these kinds already: blocker, probe"));
}

TEST_CASE("a plugin's path begins at the configuration's folder, and a bare name may be the system's",
          "[plugin]") {
  test::temp_folder folder;
  std::ofstream{folder.file("here.so")} << "x";
  auto at = folder.path().string();
  CHECK(plugin_path("here.so", at) == at + "/here.so");
  CHECK(plugin_path("libelsewhere.so", at) == "libelsewhere.so");
  CHECK(plugin_path("./gone.so", at) == at + "/gone.so");
  CHECK(plugin_path("sub/gone.so", at) == at + "/sub/gone.so");
  CHECK(plugin_path("../x.so", at + "/sub") == at + "/x.so");
  CHECK(plugin_path("/abs/x.so", at) == "/abs/x.so");
}

TEST_CASE("a registry says which names were taken", "[plugin]") {
  auto kinds = agent_registry::with_builtins();
  CHECK(!kinds.add("echo", nullptr));
  CHECK(!kinds.add("external", nullptr));
  CHECK(kinds.refused() == std::vector<std::string>{"echo", "external"});
}
