#include "actors/auth/rights.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir::auth;

namespace {

rights read(const std::string& text, const std::string& client_id = "alice") {
  auto outcome = parse_rights(text, client_id);
  if (auto* wrong = std::get_if<std::string>(&outcome)) FAIL(*wrong);
  return std::get<rights>(outcome);
}

std::string refused(const std::string& text) {
  auto outcome = parse_rights(text, "alice");
  REQUIRE(std::holds_alternative<std::string>(outcome));
  return std::get<std::string>(outcome);
}

} // namespace

TEST_CASE("a pattern covers another when all that the other matches is matched by it", "[auth][rights]") {
  struct row {
    const char *wide, *narrow;
    bool covered;
  };
  for (const auto& [wide, narrow, covered] : {
           row{">", "a", true},
           row{">", ">", true},
           row{">", "*.b.>", true},
           row{"chat.>", "chat.*.reply", true},
           row{"chat.*.reply", "chat.>", false},
           row{"chat.>", "chat", false},
           row{"chat.>", "chat.a", true},
           row{"chat.>", "chat.>", true},
           row{"chat.*", "chat.>", false},
           row{"chat.*", "chat.*", true},
           row{"chat.*", "chat.a", true},
           row{"chat.a", "chat.*", false},
           row{"*.a", "*.*", false},
           row{"*.*", "*.a", true},
           row{"*", ">", false},
           row{"a.b", "a", false},
           row{"a", "a.b", false},
           row{"a.*.>", "a.>", false},
           row{"a.>", "a.*.>", true},
           row{"a.*.c", "a.b.c", true},
           row{"a.b.c", "a.b.d", false},
       }) {
    INFO(wide << " over " << narrow);
    CHECK(covers(wide, narrow) == covered);
  }
}

TEST_CASE("a right that is not named is not given", "[auth][rights]") {
  auto none = read("{}");
  CHECK_FALSE(none.may_publish("chat.a"));
  CHECK_FALSE(none.may_subscribe("chat.a"));
  CHECK_FALSE(none.may_call("assistant"));
  CHECK_FALSE(none.may_join("workers"));
  CHECK_FALSE(none.may_publish_as("bob"));
  CHECK_FALSE(none.history);
  CHECK_FALSE(none.presence);
  CHECK_FALSE(none.may_watch(true));
  CHECK_FALSE(none.may_cancel(true));
  CHECK(none == rights{});
}

TEST_CASE("each right gives what it names and nothing else", "[auth][rights]") {
  auto may = read(R"({"publish":["chat.{sub}.>"],"subscribe":["chat.*.reply"],"call":["assistant","tool_*"],
                      "history":true,"presence":true,"watch":"own","cancel":"any","queue":["jobs"],"as":["bob"],
                      "limits":{"publish_per_s":50,"connections":3,"model_tokens_per_min":10000},"meta":{"a":1}})");
  CHECK(may.may_publish("chat.alice.message"));
  CHECK_FALSE(may.may_publish("chat.bob.message"));
  CHECK(may.may_subscribe("chat.room.reply"));
  CHECK_FALSE(may.may_subscribe("chat.>"));
  CHECK(may.may_see("chat.room.reply"));
  CHECK_FALSE(may.may_see("chat.room.message"));
  CHECK(may.may_call("assistant"));
  CHECK(may.may_call("tool_search"));
  CHECK_FALSE(may.may_call("other"));
  CHECK(may.may_join("jobs"));
  CHECK_FALSE(may.may_join("job"));
  CHECK(may.may_publish_as("bob"));
  CHECK_FALSE(may.may_publish_as("carol"));
  CHECK(may.may_watch(true));
  CHECK_FALSE(may.may_watch(false));
  CHECK(may.may_cancel(false));
  CHECK(may.limits == token_limits{50, 3, 10000});
  CHECK(may.meta == R"({"a":1})");
}

TEST_CASE("a client_id that is not one token of a subject fills in nothing", "[auth][rights]") {
  for (const auto* client_id : {"a.b", "a:b"}) {
    INFO(client_id);
    auto may = read(R"({"publish":["chat.{sub}.>","open.>"]})", client_id);
    CHECK(may.publish == std::vector<std::string>{"open.>"});
  }
}

TEST_CASE("rights that are not well-formed are refused by the member that is wrong", "[auth][rights]") {
  CHECK(refused("[]").find("object") != std::string::npos);
  CHECK(refused(R"({"publsh":["a"]})").find("publsh") == 0);
  CHECK(refused(R"({"publish":"a"})").find("publish") == 0);
  CHECK(refused(R"({"publish":["a b"]})").find("publish") == 0);
  CHECK(refused(R"({"subscribe":[1]})").find("subscribe") == 0);
  CHECK(refused(R"({"history":1})").find("history") == 0);
  CHECK(refused(R"({"watch":"all"})").find("watch") == 0);
  CHECK(refused(R"({"limits":{"publish_per_s":0}})").find("limits.publish_per_s") == 0);
  CHECK(refused(R"({"limits":{"publish_per_s":4294967296}})").find("limits.publish_per_s") == 0);
  CHECK(refused(R"({"limits":{"x":1}})").find("limits.x") == 0);
  CHECK(refused(R"({"meta":1})").find("meta") == 0);
  std::string many = R"({"call":[)";
  for (std::size_t i = 0; i < max_rights_entries; ++i) many += "\"a\",";
  CHECK(refused(many + "\"a\"]}").find("call") == 0);
}
