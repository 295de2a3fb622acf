#include "tests/support/config.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstdlib>
#include <utility>

using namespace weir;
using namespace weir::test;

TEST_CASE("limits are taken up to the ends of their ranges and not beyond", "[config]") {
  struct range {
    std::string key;
    std::uint64_t limits::*target;
    std::uint64_t initial, min, max;
  };
  auto x = GENERATE(values<range>({
      {"causal_events", &limits::causal_events, 1024, 1, 1'000'000},
      {"causal_wait_ms", &limits::causal_wait_ms, 2000, 1, 600'000},
      {"session_ttl_ms", &limits::session_ttl_ms, 120'000, 1000, 86'400'000},
      {"sessions", &limits::sessions, 200'000, 1, 10'000'000},
      {"kept_events", &limits::kept_events, 1'000'000, 1, 1'000'000'000},
      {"kept_bytes", &limits::kept_bytes, 1ULL << 30, 1ULL << 20, 1ULL << 40},
      {"queue_groups", &limits::queue_groups, 256, 1, 100'000},
      {"queue_window", &limits::queue_window, 16, 1, 10'000},
      {"receipts", &limits::receipts, 10'000, 1, 1'000'000},
      {"presence_per_s", &limits::presence_per_s, 50, 1, 1'000'000},
  }));
  CAPTURE(x.key);
  auto set_to = [&x](std::uint64_t value) {
    return lines{"limits.log_events=1", "limits." + x.key + "=" + std::to_string(value)};
  };
  CHECK(good("").bounds.*x.target == x.initial);
  for (auto value : {x.min, x.max}) {
    CHECK(good("", set_to(value)).bounds.*x.target == value);
    CHECK(good("", set_to(value)).namespace_for("any").bounds.*x.target == value);
    CHECK(good("", {"limits.log_events=1", "namespaces.own.limits." + x.key + "=" + std::to_string(value)})
                  .namespace_for("own")
                  .bounds
              .*x.target
          == value);
  }
  auto range = " is out of range, must be " + std::to_string(x.min) + " to " + std::to_string(x.max);
  for (auto value : {x.min - 1, x.max + 1})
    CHECK(bad("", set_to(value)) == lines{"limits." + x.key + ": " + std::to_string(value) + range});
}

TEST_CASE("a session's time to live is a limit, and the limits' own name for it wins", "[config]") {
  auto ttl = [](const std::string& text, const std::string& ns) {
    auto cfg = good(text);
    return std::pair{cfg.bounds.session_ttl_ms, cfg.namespace_for(ns).bounds.session_ttl_ms};
  };
  using both = std::pair<std::uint64_t, std::uint64_t>;
  CHECK(ttl("", "x") == both{120'000, 120'000});
  CHECK(ttl(R"({"session":{"ttl_ms":5000}})", "x") == both{5000, 5000});
  CHECK(ttl(R"({"limits":{"session_ttl_ms":6000},"session":{"ttl_ms":5000}})", "x") == both{6000, 6000});
  CHECK(ttl(R"({"limits":{"burst":6},"session":{"ttl_ms":5000}})", "x") == both{5000, 5000});
  CHECK(ttl(R"({"session":{"ttl_ms":5000},"namespaces":{"a":{"limits":{"session_ttl_ms":7000}}}})", "a")
        == both{5000, 7000});
}

TEST_CASE("what is said of the store, the session and the admin calls is taken", "[config]") {
  auto cfg = good(R"({"node":{"data_dir":"/var/lib/weir"},"store":{"kind":"memory"},
    "session":{"secret_env":"MY_SECRET"},"admin":{"address":"::1","port":0,"token_env":"MY_TOKEN"},
    "namespaces":{"a":{"durability":"none","causal":"refuse"}}})");
  CHECK(cfg.node.data_dir == "/var/lib/weir");
  CHECK(cfg.store.kind == "memory");
  CHECK(cfg.session.secret.env == "MY_SECRET");
  CHECK(cfg.admin.address == "::1");
  CHECK(cfg.admin.port == 0);
  CHECK(cfg.admin.token.env == "MY_TOKEN");
  CHECK(cfg.namespace_for("a").durability == "none");
  CHECK(cfg.namespace_for("a").causal == "refuse");
  CHECK(good(R"({"namespaces":{"a":{"durability":"power"}}})").namespace_for("a").durability == "power");
}

TEST_CASE("only loopback is listened on without auth", "[config]") {
  auto at = [](const std::string& address) {
    return check_exposure(good("", {"listen.address=" + address}));
  };
  CHECK(at("127.0.0.1").empty());
  CHECK(at("127.9.9.9").empty());
  CHECK(at("::1").empty());
  CHECK(at("0.0.0.0").substr(0, 14) == "listen.address");
  CHECK_FALSE(at("::").empty());
  CHECK_FALSE(at("192.168.0.1").empty());
}

TEST_CASE("other nodes are met on loopback only, unless they show certificates", "[config]") {
  std::vector<std::string> sets{"cluster.listen=192.0.2.1:4700"};
  CHECK(check_exposure(good("", sets)).substr(0, 14) == "cluster.listen");
  CHECK(check_exposure(good("", {"cluster.listen=127.0.0.1:4700"})).empty());
  for (auto* key : {"cert", "key", "ca"}) sets.push_back(std::string{"cluster.tls."} + key + "=/missing.pem");
  auto cfg = good("", sets);
  CHECK(check_exposure(cfg).empty());
}

TEST_CASE("only loopback is listened on for the admin calls without their token", "[config]") {
  auto at = [](const std::string& address) {
    return check_exposure(good("", {"admin.token_env=WEIR_TEST_TOKEN", "admin.address=" + address}));
  };
  CHECK(at("::1").empty());
  CHECK(at("0.0.0.0").substr(0, 13) == "admin.address");
  CHECK(at("0.0.0.0").find("WEIR_TEST_TOKEN is not set") != std::string::npos);
  setenv("WEIR_TEST_TOKEN", "", 1);
  CHECK_FALSE(at("0.0.0.0").empty());
  setenv("WEIR_TEST_TOKEN", "a token", 1);
  CHECK(at("0.0.0.0").empty());
  unsetenv("WEIR_TEST_TOKEN");
}

TEST_CASE("a model's headers, query and sampling are taken, printed and refused by name", "[config]") {
  ::setenv("WEIR_TEST_API_KEY", "k", 1);
  auto text = [](const std::string& keys) {
    return R"({"models":{"m":{"backend":"openai","url":"https://api.example/v1","model":"x",)" + keys + "}}}";
  };
  auto cfg = good(
      text(R"("headers":{"X-Title":"Weir"},"headers_env":{"api-key":"WEIR_TEST_API_KEY"},"query":{"v":"1"},
    "request":{"temperature":0.5,"top_p":1,"max_tokens":64,"seed":-7,"stop":["END"],
               "response_format":{"type":"json_object"}})"));
  auto& model = std::get<openai_config>(cfg.models.back().backend);
  CHECK(model.headers.at("X-Title") == "Weir");
  CHECK(model.headers_env.at("api-key") == "WEIR_TEST_API_KEY");
  CHECK(model.query.at("v") == "1");
  CHECK(model.request.temperature == 0.5);
  CHECK(model.request.top_p == 1.0);
  CHECK(model.request.max_tokens == 64);
  CHECK(model.request.seed == -7);
  CHECK(model.request.stop == std::vector<std::string>{"END"});
  CHECK(model.request.response_format == R"({"type":"json_object"})");
  auto unset = good(text(R"("request":{"seed":null})"));
  CHECK_FALSE(std::get<openai_config>(unset.models.back().backend).request.seed);
  CHECK(bad(text(R"("request":{"temperature":3})"))
        == lines{"models.m.request.temperature: 3 is out of range, must be 0 to 2"});
  CHECK(bad(text(R"("request":{"max_tokens":0})"))
        == lines{"models.m.request.max_tokens: 0 is out of range, must be 1 to 10000000"});
  CHECK(bad(text(R"("request":{"stop":["a","b","c","d","e"]})"))
        == lines{"models.m.request.stop: must have at most 4 entries"});
  CHECK(bad(text(R"("request":{"response_format":"json"})"))
        == lines{"models.m.request.response_format: must be an object, is a text"});
  CHECK(bad(text(R"("headers":{"X":7})")) == lines{"models.m.headers.X: must be a text, is a whole number"});
  CHECK(bad(R"({"models":{"m":{"backend":"simulated","request":{"seed":1}}}})")
        == lines{"models.m.request: only for the backend openai"});
}
