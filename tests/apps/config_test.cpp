#include "actors/event/pattern.hpp"
#include "apps/weir/config/load.hpp"
#include "apps/weir/config/rules.hpp"
#include "tests/support/config.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <nlohmann/json.hpp>

#include <cstdlib>

using namespace weir;
using namespace weir::test;

namespace {

struct refusal_case {
  std::string text;
  lines errors;
};

} // namespace

TEST_CASE("without a file a node has a namespace, a simulated model, echo and an assistant", "[config]") {
  auto cfg = good("");
  CHECK(cfg.node.name == "n1");
  CHECK(cfg.listen.address == "127.0.0.1");
  CHECK(cfg.listen.port == 8080);
  CHECK(cfg.admin.address == "127.0.0.1");
  CHECK(cfg.admin.port == 8081);
  CHECK(cfg.node.data_dir == "weir-data");
  CHECK(cfg.session.secret.env == "WEIR_SESSION_SECRET");
  CHECK(cfg.store.kind == "sqlite");
  CHECK(cfg.namespaces.at("*").durability == "process");
  CHECK(cfg.namespaces.at("*").causal == "deliver");
  REQUIRE(cfg.models.size() == 1);
  CHECK(cfg.models[0].name == "default");
  CHECK(std::holds_alternative<simulated_config>(cfg.models[0].backend));
  CHECK(cfg.namespaces.at("*").agents == lines{"echo", "assistant"});
  REQUIRE(cfg.agents.size() == 2);
  CHECK(cfg.agents[0].kind == "echo");
  CHECK(cfg.agents[1].prompt.on == lines{"chat.*.message"});
  CHECK(cfg.agents[1].prompt.emit == "chat.{1}.reply");
  CHECK_FALSE(cfg.agents[1].prompt.system.empty());
}

TEST_CASE("a file with comments changes what it names and leaves the rest", "[config]") {
  auto cfg = good(R"({ // a comment
    "listen": {"port": 0}, /* another */
    "limits": {"publish_per_s": 50, "burst": 60},
    "namespaces": {"demo": {"agents": ["echo"], "limits": {"burst": 7}}},
    "models": {"default": {"timeout_ms": 5000, "simulated": {"error_rate": 0.5}, "fallback": ["small", {"text": "later"}]},
               "small": {"backend": "openai", "url": "http://127.0.0.1:9000/v1", "model": "tiny"}},
    "agents": {"assistant": {"model": "small"}, "parrot": {"kind": "echo"}},
    "log": {"level": "warn", "format": "json"}
  })");
  CHECK(cfg.listen.port == 0);
  CHECK(cfg.listen.address == "127.0.0.1");
  CHECK(cfg.namespaces.at("demo").bounds.burst == 7);
  CHECK(cfg.namespaces.at("demo").bounds.publish_per_s == 50);
  CHECK(cfg.namespaces.at("*").bounds.burst == 60);
  CHECK(cfg.namespace_for("demo").agents == lines{"echo"});
  CHECK(cfg.namespace_for("other").agents == lines{"echo", "assistant"});
  REQUIRE(cfg.models.size() == 2);
  CHECK(cfg.models[0].timeout_ms == 5000);
  CHECK(cfg.models[0].workers == 4);
  CHECK(std::get<simulated_config>(cfg.models[0].backend).error_rate == 0.5);
  REQUIRE(cfg.models[0].fallback.size() == 2);
  CHECK_FALSE(cfg.models[0].fallback[0].canned);
  CHECK(cfg.models[0].fallback[1].canned);
  CHECK(std::get<openai_config>(cfg.models[1].backend).model == "tiny");
  REQUIRE(cfg.agents.size() == 3);
  CHECK(cfg.agents[1].prompt.model == "small");
  CHECK(cfg.agents[1].prompt.emit == "chat.{1}.reply");
  CHECK(cfg.log.format == "json");
}

TEST_CASE("what is wrong is refused with its path and what would be right", "[config]") {
  auto x = GENERATE(values<refusal_case>({
      {R"({"listne":{}})", {"listne: unknown key, did you mean listen?"}},
      {R"({"models":{"default":{"timeoutms":1}}})",
       {"models.default.timeoutms: unknown key, did you mean timeout_ms?"}},
      {R"({"node":{"colour":"red"}})", {"node.colour: unknown key"}},
      {R"({"node":7})", {"node: must be an object, is a whole number"}},
      {R"([])", {"the configuration: must be an object, is a list"}},
      {R"({"listen":{"port":"8080"}})", {"listen.port: must be a whole number, is a text"}},
      {R"({"listen":{"port":1.5}})", {"listen.port: must be a whole number, is a number"}},
      {R"({"listen":{"port":65536}})", {"listen.port: 65536 is out of range, must be 0 to 65535"}},
      {R"({"listen":{"port":18446744073709551615}})",
       {"listen.port: 18446744073709551615 is out of range, must be 0 to 65535"}},
      {R"({"listen":{"port":null}})", {"listen.port: must be a whole number, is null"}},
      {R"({"listen":{"address":"localhost"}})",
       {R"(listen.address: "localhost": must be an IP address such as 127.0.0.1 or ::1)"}},
      {R"({"models":{"default":{"timeout_ms":0}}})",
       {"models.default.timeout_ms: 0 is out of range, must be 1 to 86400000"}},
      {R"({"models":{"default":{"simulated":{"error_rate":1.5}}}})",
       {"models.default.simulated.error_rate: 1.5 is out of range, must be 0 to 1"}},
      {R"({"models":{"a b":{}}})", {"models.a b: a name must be 1 to 64 of A-Z a-z 0-9 _ -"}},
      {R"({"models":{"s":{"backend":"openai","url":"https://","model":"m"}}})",
       {R"(models.s.url: "https://": the host is missing)"}},
      {R"({"models":{"default":{"ca_file":"x"}}})", {"models.default.ca_file: only for the backend openai"}},
      {R"({"models":{"default":{"url":"http://x"}}})", {"models.default.url: only for the backend openai"}},
      {R"({"models":{"default":{"fallback":["none"]}}})", {R"(models.default.fallback[0]: no model "none")"}},
      {R"({"models":{"default":{"fallback":[{"txt":"x"}]}}})",
       {R"(models.default.fallback[0]: must be a model's name or {"text": "…"})"}},
      {R"({"models":{"default":{"fallback":["b"]},"b":{"fallback":["default"]}}})",
       {"models.default.fallback: goes in a circle: default -> b -> default"}},
      {R"({"models":{"s":{"backend":"openai"}}})",
       {"models.s.url: needed with the backend openai", "models.s.model: needed with the backend openai"}},
      {R"({"models":{"s":{"backend":"magic"}}})",
       {R"(models.s.backend: "magic": must be one of simulated, openai)"}},
      {R"({"models":{"s":{"backend":"openai","url":"ftp://x","model":"m"}}})",
       {R"(models.s.url: "ftp://x": must begin with http:// or https://)"}},
      {R"({"agents":{"a":{"kind":"magic"}}})", {R"(agents.a.kind: no kind of agent "magic")"}},
      {R"({"agents":{"a":{"model":"gone"}}})", {R"(agents.a.model: no model "gone")"}},
      {R"({"agents":{"a":{"on":["x..y"],"emit":"z"}}})",
       {R"(agents.a.on[0]: "x..y": )" + check_pattern("x..y")}},
      {R"({"agents":{"a":{"on":["x.*"],"emit":"y.{17}"}}})",
       {R"(agents.a.emit: "y.{17}": a placeholder must be {1} to {16})"}},
      {R"({"agents":{"a":{"on":["x.*"],"emit":"y.{2}"}}})",
       {R"(agents.a.emit: {2} has no wildcard in the pattern "x.*")"}},
      {R"({"agents":{"a":{"on":["x.*"],"emit":"sys.{1}"}}})",
       {R"(agents.a.emit: "sys.{1}": sys and what is below it is the server's own)"}},
      {R"({"agents":{"a":{"on":["x.*"]}}})", {"agents.a.emit: needed with on"}},
      {R"({"agents":{"echo":{"system":"x"}}})", {"agents.echo.system: only for the kind prompt"}},
      {R"({"models":{"default":{"max_share":0}}})",
       {"models.default.max_share: 0 is out of range, must be 0.01 to 1"}},
      {R"({"models":{"default":{"breaker":{"open_ms":70000}}}})",
       {"models.default.breaker.max_open_ms: 60000 is less than open_ms, 70000"}},
      {R"({"models":{"default":{"breaker":{"failure":1}}}})",
       {"models.default.breaker.failure: unknown key, did you mean failures?"}},
      {R"({"models":{"default":{"simulated":{"replies":[{"if":"x"}]}}}})",
       {"models.default.simulated.replies[0]: needs one of say and tool"}},
      {R"({"models":{"default":{"simulated":{"replies":[{"say":""},{"tool":{"name":"a b"}},{"if":1,"say":"x"}]}}}})",
       {"models.default.simulated.replies[0].say: must not be empty",
        "models.default.simulated.replies[1].tool.name: must be 1 to 64 of A-Z a-z 0-9 _ -",
        "models.default.simulated.replies[2].if: must be a text, is a whole number"}},
      {R"({"models":{"default":{"simulated":{"replies":[{"tool":{"name":"a","arguments":[]}},{"iff":"x"}]}}}})",
       {"models.default.simulated.replies[0].tool.arguments: must be an object, is a list",
        "models.default.simulated.replies[1].iff: unknown key, did you mean if?"}},
      {R"({"limits":{"model_tokens_per_min":-1}})",
       {"limits.model_tokens_per_min: -1 is out of range, must be 0 to 1000000000"}},
      {R"({"namespaces":{"demo":{"agents":["gone"]}}})", {R"(namespaces.demo.agents[0]: no agent "gone")"}},
      {R"({"namespaces":{"demo":{"agents":["echo","echo"]}}})",
       {R"(namespaces.demo.agents[1]: "echo" is named twice)"}},
      {R"({"namespaces":{"Demo":{}}})",
       {"namespaces.Demo: a namespace must be * or 1 to 63 of a-z 0-9 _ -, beginning with a letter or "
        "digit"}},
      {R"({"namespaces":{"demo":{"limits":{"handshakes":5}}}})",
       {"namespaces.demo.limits.handshakes: only under the node's limits"}},
      {R"({"node":{"roles":["king"]}})", {R"(node.roles[0]: "king": must be one of gateway, host, models)"}},
      {R"({"log":{"level":"loud"}})",
       {R"(log.level: "loud": must be one of trace, debug, info, warn, error, off)"}},
      {R"({"node":{},"node":{}})", {"node: is there twice in one object"}},
      {R"({"node":{"data_dir":""}})", {R"(node.data_dir: "": must not be empty)"}},
      {R"({"session":{"secret_env":"s3cret!"}})",
       {R"(session.secret_env: "s3cret!": must be the name of an environment variable, not the secret itself)"}},
      {R"({"session":{"ttl_ms":999}})", {"session.ttl_ms: 999 is out of range, must be 1000 to 86400000"}},
      {R"({"session":{"ttl":1}})", {"session.ttl: unknown key"}},
      {R"({"store":{"kind":"disk"}})", {R"(store.kind: "disk": must be one of sqlite, memory, redis)"}},
      {R"({"store":{"kind":"redis"}})", {"store.url: needed with the kind redis"}},
      {R"({"store":{"url":"redis://a"}})", {"store.url: only for the kind redis"}},
      {R"({"store":{"kind":"redis","url":"rediss://:s3cret@a"}})",
       {
           "store.url: TLS (rediss://) is not in this version; use a tunnel, or a network that you trust",
       }},
      {R"({"store":{"kind":"redis","url":"redis://:s3cret@a:0"}})",
       {"store.url: the port must be 1 to 65535"}},
      {R"({"store":{"kind":"redis","url":"redis://a","timeout_ms":9}})",
       {"store.timeout_ms: 9 is out of range, must be 10 to 60000"}},

      {R"({"admin":{"address":"here"}})",
       {R"(admin.address: "here": must be an IP address such as 127.0.0.1 or ::1)"}},
      {R"({"admin":{"port":65536}})", {"admin.port: 65536 is out of range, must be 0 to 65535"}},
      {R"({"admin":{"token_env":""}})",
       {R"(admin.token_env: "": must be the name of an environment variable, not the secret itself)"}},
      {R"({"listen":{"port":8081}})", {"admin.port: 8081 is listen.port too"}},
      {R"({"namespaces":{"a":{"durability":"disk"}}})",
       {R"(namespaces.a.durability: "disk": must be one of process, power, none)"}},
      {R"({"namespaces":{"a":{"causal":"drop"}}})",
       {R"(namespaces.a.causal: "drop": must be one of deliver, refuse)"}},
      {R"({"store":{"kind":"memory"},"namespaces":{"a":{"durability":"power"}}})",
       {R"(namespaces.a.durability: "power": not with store.kind memory)"}},
      {R"({"limits":{"kept_events":9999}})", {"limits.kept_events: 9999 is less than log_events, 10000"}},
      {R"({"limits":{"log_events":1000001}})",
       {"limits.kept_events: 1000000 is less than log_events, 1000001"}},
      {R"({"namespaces":{"a":{"limits":{"kept_events":5}}}})",
       {"namespaces.a.limits.kept_events: 5 is less than log_events, 10000"}},
  }));
  CAPTURE(x.text);
  CHECK(bad(x.text) == x.errors);
}

TEST_CASE("what a later version brings is refused by name, never ignored", "[config]") {
  auto x = GENERATE(values<refusal_case>({
      {R"({"cluster":{"listen":"localhost:1"}})",
       {R"(cluster.listen: "localhost:1": must be an IP address and a port such as 127.0.0.1:4700 or [::1]:4700)"}},
      {R"({"cluster":{"listen":"0.0.0.0:4700"}})",
       {R"(cluster.listen: "0.0.0.0:4700": must be an address at which the other nodes reach it)"}},
      {R"({"cluster":{"seeds":["elsewhere"]}})",
       {R"(cluster.seeds[0]: "elsewhere": must be host:port such as 127.0.0.1:4700)"}},
      {R"({"cluster":{"heartbeat_ms":1000,"timeout_ms":1000}})",
       {"cluster.timeout_ms: 1000 is less than twice heartbeat_ms, 1000"}},
      {R"({"cluster":{"listen":"127.0.0.1:0","tls":{"cert":"c.pem"}}})",
       {"cluster.tls.key: needed with the other keys of cluster.tls",
        "cluster.tls.ca: needed with the other keys of cluster.tls"}},
      {R"({"cluster":{"listen":"127.0.0.1:0","tls":{"key":"k.pem","ca":"a.pem"}}})",
       {"cluster.tls.cert: needed with the other keys of cluster.tls"}},
      {R"({"cluster":{"tls":{"cert":"c.pem","key":"k.pem","ca":"a.pem"}}})",
       {"cluster.tls: only for a node with cluster.listen or cluster.seeds"}},
      {R"({"node":{"roles":["gateway","gateway"]},"cluster":{"seeds":["127.0.0.1:1"]}})",
       {"node.roles: one is named twice"}},
      {R"({"node":{"roles":["host"]}})",
       {"node.roles: a node without all of gateway, host, models needs a cluster"}},
  }));
  CAPTURE(x.text);
  CHECK(bad(x.text) == x.errors);
}

TEST_CASE("a store's password is never printed", "[config]") {
  auto cfg = good(R"({"store":{"kind":"redis","url":"redis://me:s3cr%40t@db:7000/2"}})");
  CHECK(cfg.store.url == "redis://me:s3cr%40t@db:7000/2");
  auto printed = print_config(cfg);
  CHECK(printed.find("s3cr") == std::string::npos);
  CHECK(nlohmann::json::parse(printed)["store"]["url"] == "redis://me:***@db:7000/2");
  for (auto* url : {"redis://me:s3cret@db:x", "redis://:s3cret", "rediss://me:s3cret@db",
                    "redis://:s3cret%z@db", "http://me:s3cret@db", "redis://me:s3cret@db/1?x"}) {
    auto said = bad(std::string{R"({"store":{"kind":"redis","url":")"} + url + R"("}})");
    INFO(url);
    REQUIRE(!said.empty());
    for (auto& line : said) CHECK(line.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("a node of a cluster may have any of the roles", "[config]") {
  for (auto* roles : {R"(["host"])", R"(["models"])", R"(["gateway"])", R"(["gateway","host"])",
                      R"(["models","gateway"])", R"(["host","models"])"}) {
    auto cfg = good(std::string{R"({"cluster":{"seeds":["127.0.0.1:1"]},"node":{"roles":)"} + roles + "}}");
    INFO(roles);
    CHECK(nlohmann::json(cfg.node.roles).dump() == roles);
  }
}

TEST_CASE("plugins and the settings of authors' agents are read, checked and printed", "[config]") {
  auto kinds = agent_registry::with_builtins();
  kinds.add("mine", nullptr);
  auto text = R"({"plugins":["a.so"],"agents":{"m":{"kind":"mine","settings":{"x":{"y":[1]}}}}})";
  auto got = parse_config(text, {}, kinds);
  REQUIRE(std::holds_alternative<node_config>(got));
  auto& cfg = std::get<node_config>(got);
  CHECK(cfg.plugins == lines{"a.so"});
  CHECK(cfg.agents.back().settings == R"({"x":{"y":[1]}})");
  auto printed = nlohmann::json::parse(print_config(cfg));
  CHECK(printed["plugins"] == nlohmann::json{"a.so"});
  CHECK(printed["agents"]["m"]["settings"]["x"]["y"][0] == 1);
  CHECK(bad(R"({"plugins":[""]})") == lines{R"(plugins[0]: "": must not be empty)"});
  CHECK(bad(R"({"agents":{"echo":{"settings":{}}}})")
        == lines{"agents.echo.settings: only for a registered type"});
  auto wrong = parse_config(R"({"agents":{"m":{"kind":"mine","settings":[]}}})", {}, kinds);
  CHECK(std::get<config_errors>(wrong).lines == lines{"agents.m.settings: must be an object, is a list"});
}

TEST_CASE("a kind that nobody knows is a mistake, unless a plugin was refused", "[config]") {
  auto kinds = agent_registry::with_builtins();
  auto text = R"({"plugins":["gone.so"],"agents":{"m":{"kind":"mine"}}})";
  auto load = [&](bool complete) {
    return parse_config(text, {}, [&](const node_config& cfg) {
      CHECK(cfg.plugins == lines{"gone.so"});
      return known_kinds{kinds, complete};
    });
  };
  CHECK(std::get<config_errors>(load(true)).lines == lines{R"(agents.m.kind: no kind of agent "mine")"});
  CHECK(std::holds_alternative<node_config>(load(false)));
}

TEST_CASE("every problem is told at once, and a broken file where it breaks", "[config]") {
  auto many = bad(R"({"nod":{},"listen":{"port":-1},"agents":{"a":{"model":"x"}}})", {"log.level=shout"});
  CHECK(many
        == lines{"nod: unknown key, did you mean node?",
                 "listen.port: -1 is out of range, must be 0 to 65535",
                 R"(log.level: "shout": must be one of trace, debug, info, warn, error, off)",
                 R"(agents.a.model: no model "x")"});
  auto broken = bad("{\n\"node\": }");
  REQUIRE(broken.size() == 1);
  CHECK(broken[0].substr(0, 43) == "the configuration: parse error at line 2, c");
}

TEST_CASE("values of the command line come over the file, in order", "[config]") {
  auto cfg = good(R"({"listen":{"port":1}})",
                  {"listen.port=2", "listen.port=3", "node.name=west", "models.default.timeout_ms=5000",
                   R"(namespaces.*.agents=["echo"])", "agents.bot.kind=echo"});
  CHECK(cfg.listen.port == 3);
  CHECK(cfg.node.name == "west");
  CHECK(cfg.models[0].timeout_ms == 5000);
  CHECK(cfg.namespaces.at("*").agents == lines{"echo"});
  CHECK(cfg.agents.back().name == "bot");
  CHECK(bad("", {"port"}) == lines{"--set port: must be path=value"});
  CHECK(bad("", {"listen.port.x=1", "listen.port=2"}) == lines{});
  CHECK(bad("", {"listen.port=2", "listen.port.x=1"})
        == lines{"--set listen.port.x=1: listen.port is not an object"});
  CHECK(bad("", {"listen..port=2"}) == lines{"listen.: unknown key"});
}

TEST_CASE("what is printed as in force loads to the same", "[config]") {
  auto text = GENERATE(values<std::string>({
      "",
      R"({"session":{"ttl_ms":5000},"limits":{"session_ttl_ms":6000},"admin":{"port":0},
        "namespaces":{"demo":{"causal":"refuse","limits":{"session_ttl_ms":7000}}}})",
      R"({"limits":{"burst":5},"namespaces":{"demo":{"agents":["echo"],"limits":{"burst":9}}},
        "models":{"m":{"backend":"openai","url":"http://h:1/v1","model":"x","api_key_env":"K"},
                  "own":{"backend":"openai","url":"https://h/v1","model":"x","ca_file":"/etc/own.pem"},
                  "default":{"simulated":{"hang_rate":0.25},"fallback":["m",{"text":"t"}]}},
        "agents":{"assistant":{"kind":"echo"},"two":{"on":["a.>"],"emit":"b.{1}"}},"log":{"level":"off"}})",
  }));
  auto printed = print_config(good(text));
  CAPTURE(printed);
  CHECK(print_config(good(printed)) == printed);
  CHECK(nlohmann::json::parse(printed)["limits"]["frame_bytes"] == 65536);
}

TEST_CASE("the values of secrets are not printed", "[config]") {
  setenv("WEIR_TEST_KEY", "a-secret", 1);
  auto printed =
      print_config(good(R"({"models":{"default":{"backend":"openai","url":"http://h/v1","model":"x",
                                      "api_key_env":"WEIR_TEST_KEY"}}})"));
  CHECK(printed.find("WEIR_TEST_KEY") != std::string::npos);
  CHECK(printed.find("a-secret") == std::string::npos);
  CHECK(bad(R"({"models":{"default":{"backend":"openai","url":"http://u:p@h/v1","model":"x"}}})").size()
        == 1);
}
