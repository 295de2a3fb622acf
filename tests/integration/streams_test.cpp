// Runs as the owners of their streams: with a real node, real sockets and real model servers.
#include "actors/core/utf8.hpp"
#include "tests/integration/client.hpp"
#include "tests/support/model_server.hpp"

#include <catch2/catch_message.hpp>

#include <iostream>
#include <map>
#include <thread>

using namespace weir;
using namespace weir::test;

namespace {

using clock_type = std::chrono::steady_clock;

json model_of(const model_server& server, json more = json::object()) {
  json out = {{"backend", "openai"}, {"url", server.url()}, {"model", "m"}, {"retries", 0}};
  out.merge_patch(more);
  return out;
}

json call_of(const std::string& id, json more = json::object()) {
  json out = {{"op", "call"}, {"target", "assistant"}, {"message_id", id}, {"input", id}, {"stream", true}};
  out.merge_patch(more);
  return out;
}

/// How long it takes until the server has no open connection, in milliseconds; beyond 5 s: never.
std::int64_t ms_until_closed(const model_server& server) {
  auto begin = clock_type::now();
  while (server.open_connections() > 0 && clock_type::now() - begin < 5s) std::this_thread::sleep_for(500us);
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_type::now() - begin).count();
}

/// The text of one run as one client sees it.
struct view {
  std::uint64_t begin = 0; // where it asked to begin
  std::string text{};
  json result{};
  bool whole = true; // without overlap or hole

  void take(const json& x) {
    if (x["op"] == "result") result = x;
    if (x["op"] != "delta") return;
    whole = whole && x["at"].get<std::uint64_t>() == begin + utf8::code_points(text);
    text += x["text"].get<std::string>();
  }
};

/// Takes what comes until all of these runs are over.
void follow(client& who, std::map<std::string, view>& views, std::chrono::seconds at_most = 30s) {
  auto over = [&] {
    for (auto& [id, x] : views)
      if (x.result.is_null()) return false;
    return true;
  };
  auto deadline = clock_type::now() + at_most;
  while (!over() && clock_type::now() < deadline) {
    auto x = who.receive(1s);
    if (x.is_null() || !x.contains("run_id")) continue;
    if (auto i = views.find(x["run_id"].get<std::string>()); i != views.end()) i->second.take(x);
  }
  REQUIRE(over());
}

void expect_free_worker(client& who, model_server& server) {
  server.set({server_reply::answer({"next"})});
  CHECK(who.ask(call_of("next"))["op"] == "ok");
  CHECK(who.await("result", 5s)["output"] == json{{"text", "next"}});
}

} // namespace

TEST_CASE("cancelling a run frees its worker and the connection to its model", "[streams]") {
  model_server server;
  server.set({server_reply::begin_with({"It is"}, server_reply::ending::hang)});
  node_process node(json{{"models", {{"default", model_of(server, {{"workers", 1}})}}}}.dump());
  node.start();
  client alice(node, "alice");
  alice.ask(call_of("c1"));
  REQUIRE(alice.await("delta")["text"] == "It is");
  alice.send({{"op", "cancel"}, {"run_id", "alice/c1"}});
  auto took_ms = ms_until_closed(server);
  WARN("cancel closed the model's connection within " << took_ms << " ms");
  CHECK(took_ms < 1000);
  auto x = alice.await("result");
  CHECK(x["status"] == "cancelled");
  CHECK(x["output"] == json{{"text", "It is"}});
  expect_free_worker(alice, server);
}

TEST_CASE("a run that is tied to its caller's connection ends with it", "[streams]") {
  model_server server;
  server.set({server_reply::begin_with({"It is"}, server_reply::ending::hang)});
  node_process node(json{{"models", {{"default", model_of(server, {{"workers", 1}})}}}}.dump());
  node.start();
  client bob(node, "bob");
  {
    client alice(node, "alice"), viewer(node, "viewer");
    alice.ask(call_of("c1", {{"on_disconnect", "cancel"}}));
    REQUIRE(alice.await("delta")["text"] == "It is");
    bob.ask({{"op", "watch"}, {"run_id", "alice/c1"}});
    viewer.ask({{"op", "watch"}, {"run_id", "alice/c1"}});
    viewer.socket.abort();
    std::this_thread::sleep_for(50ms);
    CHECK(server.open_connections() == 1); // another viewer's leaving changes nothing
    alice.socket.abort();
  }
  auto took_ms = ms_until_closed(server);
  WARN("a lost connection closed the model's within " << took_ms << " ms");
  CHECK(took_ms < 1000);
  CHECK(bob.await("result")["status"] == "cancelled");
  expect_free_worker(bob, server);
}

TEST_CASE("a caller that went away finds its whole result, also after kill -9", "[streams]") {
  model_server server;
  auto slow = server_reply::answer({"It ", "is ", "a ", "low ", "wall."});
  slow.pause_ms = 40;
  server.set({slow});
  node_process node(json{{"models", {{"default", model_of(server)}}}}.dump());
  node.start();
  {
    client alice(node, "alice");
    alice.ask(call_of("c1"));
    alice.await("delta");
    alice.socket.abort();
  }
  std::this_thread::sleep_for(50ms);
  const json text = {{"text", "It is a low wall."}};
  { // while it runs: the call again
    client alice(node, "alice");
    auto ok = alice.ask(call_of("c1"));
    CHECK(ok["duplicate"] == true);
    std::map<std::string, view> views{{"alice/c1", {}}};
    follow(alice, views);
    CHECK(views["alice/c1"].whole);
    CHECK(views["alice/c1"].text == "It is a low wall.");
    CHECK(views["alice/c1"].result["output"] == text);
    // A result is told a moment before it is kept; what is acknowledged after the next one is kept after it.
    alice.ask({{"op", "call"}, {"target", "echo"}, {"message_id", "c2"}, {"input", 1}});
    alice.await("result");
    alice.ask({{"op", "publish"}, {"type", "x"}, {"message_id", "m1"}, {"data", 1}});
  }
  node.kill();
  node.start();
  client alice(node, "alice"), bob(node, "bob");
  CHECK(alice.ask(call_of("c1"))["duplicate"] == true);
  CHECK(alice.await("result")["output"] == text);
  CHECK(bob.ask({{"op", "watch"}, {"run_id", "alice/c1"}, {"at", 8}})["op"] == "ok");
  auto rest = bob.await("delta");
  CHECK(rest["at"] == 8);
  CHECK(rest["text"] == "low wall.");
  CHECK(bob.await("result")["output"] == text);
  CHECK(server.requests() == 1);
  CHECK(bob.ask({{"op", "watch"}, {"run_id", "alice/none"}})["reason"] == "unknown_run");
}

TEST_CASE("two viewers see the same text while the model is changed in mid-stream", "[streams]") {
  constexpr int runs = 20;
  model_server first, second;
  std::vector<std::string> pieces;
  for (int i = 0; i < runs; ++i) pieces.push_back("ä" + std::to_string(i) + ' ');
  std::vector<server_reply> breaking; // one for each number of pieces that came before the end
  for (int k = 1; k <= runs; ++k) {
    auto some = std::vector<std::string>(pieces.begin(), pieces.begin() + k);
    breaking.push_back(server_reply::begin_with(some, server_reply::ending::cut));
    breaking.back().pause_ms = 5;
  }
  first.set(breaking);
  auto rest = server_reply::answer({"and ", "the ", "rest ", "of ", "it."});
  rest.pause_ms = 10;
  second.set({rest});
  node_process node(json{{"limits", {{"publish_per_s", 10'000}, {"burst", 10'000}}},
                         {"models",
                          {{"default", model_of(first, {{"workers", runs}, {"fallback", {"second"}}})},
                           {"second", model_of(second, {{"workers", runs}})}}}}
                        .dump());
  node.start();
  client alice(node, "alice"), bob(node, "bob");
  std::map<std::string, view> of_alice, of_bob;
  for (int i = 0; i < runs; ++i) {
    auto id = "c" + std::to_string(i);
    of_alice["alice/" + id] = {};
    alice.send(call_of(id));
  }
  for (int accepted = 0; accepted < runs;) {
    auto x = alice.receive();
    REQUIRE(!x.is_null());
    accepted += x["op"] == "ok" ? 1 : 0;
    of_alice.at(x["run_id"].get<std::string>()).take(x);
  }
  std::this_thread::sleep_for(40ms);
  const std::vector<std::uint64_t> from = {0, 1, 4, 9, 30, 1000};
  for (auto& [run_id, x] : of_alice) {
    auto at = from[of_bob.size() % from.size()];
    of_bob[run_id] = {at, {}, {}, true};
    bob.send({{"op", "watch"}, {"run_id", run_id}, {"at", at}});
  }
  std::thread other{[&] { follow(bob, of_bob); }};
  follow(alice, of_alice);
  other.join();
  std::map<std::uint64_t, int> seams;
  for (auto& [run_id, x] : of_alice) {
    INFO(run_id);
    CHECK(x.whole);
    CHECK(x.result["output"] == json{{"text", x.text}});
    auto& parts = x.result["parts"];
    REQUIRE(parts.size() == 2);
    CHECK(parts[0]["model"] == "default");
    CHECK(parts[0]["from"] == 0);
    CHECK(parts[1]["model"] == "second");
    CHECK(parts[1]["from"] == parts[0]["to"]);
    CHECK(parts[1]["to"] == utf8::code_points(x.text));
    CHECK(utf8::after_code_points(x.text, parts[1]["from"].get<std::uint64_t>()) == "and the rest of it.");
    ++seams[parts[0]["to"].get<std::uint64_t>()];
    auto& seen = of_bob.at(run_id);
    CHECK(seen.whole);
    CHECK(seen.text == utf8::after_code_points(x.text, seen.begin));
    CHECK(seen.result == x.result);
  }
  CHECK(seams.size() == runs); // after every number of pieces once
}
