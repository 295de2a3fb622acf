// The client commands' options, and what they do with a node that does not answer.
#include "tests/support/fake_ws_server.hpp"
#include "tests/support/shell.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <nlohmann/json.hpp>

#include <chrono>

using nlohmann::json;
using weir::test::fake_peer;
using weir::test::fake_ws_server;
using weir::test::run;

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::string event_of(std::uint64_t seq) {
  return json{{"op", "event"}, {"seq", seq}, {"type", "a"}, {"data", seq}}.dump();
}

/// What an op is answered with, and how the node goes on: `dead` says nothing from then on, not even pongs.
void node(fake_peer& peer, std::string_view text) {
  auto frame = json::parse(text);
  auto op = frame.value("op", "");
  auto subject =
      frame.value("type", frame.value("pattern", frame.value("target", frame.value("namespace", ""))));
  if (subject == "dead") peer.stop_reading();
  if (subject == "lost" || subject == "dead") return;
  if (op == "hello") return peer.send(R"({"op":"welcome"})");
  if (op == "publish") return peer.send(json{{"op", "ok"}, {"got", frame}}.dump());
  if (op == "call") return peer.send(R"({"op":"ok","run_id":"r"})"); // and no result
  if (op == "watch") {
    peer.send(R"({"op":"ok","run_id":"r"})");
    peer.send(R"({"op":"delta","run_id":"r","at":3,"text":"x"})");
    return peer.send(json{{"op", "result"}, {"status", "complete"}, {"got", frame}}.dump());
  }
  if (op != "subscribe") return;
  peer.send(R"({"op":"ok","id":"tail","seq":0})");
  auto first = frame.value("from", std::uint64_t{100});
  if (subject == "three")
    for (auto seq = first; seq < first + 3; ++seq) peer.send(event_of(seq));
  if (subject == "ends") peer.stop_reading();
}

struct timed_outcome {
  int status;
  std::string out; ///< stderr too.
  milliseconds took;
};

timed_outcome timed(const std::string& arguments) {
  auto begin = clock::now();
  auto got = run("2>&1 " + arguments);
  return {got.status, got.out, std::chrono::duration_cast<milliseconds>(clock::now() - begin)};
}

bool says(const timed_outcome& got, const std::string& what) {
  return got.out.find(what) != std::string::npos;
}

} // namespace

TEST_CASE("publish says for whom it is, what must come before it and that it is not kept", "[cli]") {
  fake_ws_server server{node};
  auto at = " --url " + server.url();
  auto got = json::parse(run("publish a 1 --to bob --ephemeral --prev alice/m1" + at).out)["got"];
  CHECK(got["to"] == "bob");
  CHECK(got["ephemeral"] == true);
  CHECK(got["prev_event_id"] == "alice/m1");
  auto plain = json::parse(run("publish a 1" + at).out)["got"];
  for (auto* absent : {"to", "ephemeral", "prev_event_id"}) CHECK_FALSE(plain.contains(absent));
}

TEST_CASE("tail begins with the seq that it is told", "[cli]") {
  fake_ws_server server{node};
  auto at = " --url " + server.url();
  auto got = run("tail three --from 7 --count 3" + at);
  CHECK(got.status == 0);
  CHECK(got.out == event_of(7) + '\n' + event_of(8) + '\n' + event_of(9) + '\n');
  CHECK(run("tail three --count 1" + at).out == event_of(100) + '\n');
}

TEST_CASE("tail ends after so many events, or when the time is over", "[cli]") {
  fake_ws_server server{node};
  auto at = " --url " + server.url();
  CHECK(run("tail three --count 2" + at).out == event_of(100) + '\n' + event_of(101) + '\n');
  auto quiet = timed("tail nothing --timeout-ms 200" + at);
  CHECK(quiet.status == 0);
  CHECK(quiet.out.empty());
  CHECK(quiet.took >= milliseconds{200});
  auto few = timed("tail three --count 4 --timeout-ms 200" + at);
  CHECK(few.status == 1);
  CHECK(says(few, "3 of 4 events came within 200 ms"));
}

TEST_CASE("a call says its thread, and what is to happen when it is busy or nobody waits", "[cli]") {
  fake_ws_server server{node};
  run("call a 1 --thread t1 --on-busy replace --on-disconnect cancel --timeout-ms 50 --node-timeout-ms 50 "
      "2>/dev/null --url "
      + server.url());
  auto frames = server.frames();
  REQUIRE(frames.size() == 2);
  auto sent = json::parse(frames[1]);
  CHECK(sent["thread"] == "t1");
  CHECK(sent["on_busy"] == "replace");
  CHECK(sent["on_disconnect"] == "cancel");
  CHECK(run("call a 1 --on-busy wait 2>/dev/null").status == 2);
}

TEST_CASE("watch prints what is left of a run", "[cli]") {
  fake_ws_server server{node};
  auto got = run("watch alice/c1 --at 3 --url " + server.url());
  CHECK(got.status == 0);
  auto line = got.out.find('\n');
  REQUIRE(line != std::string::npos);
  CHECK(json::parse(got.out.substr(0, line))["op"] == "delta");
  auto sent = json::parse(got.out.substr(line + 1))["got"];
  CHECK(sent["run_id"] == "alice/c1");
  CHECK(sent["at"] == 3);
}

TEST_CASE("numbers that make no sense are wrong use", "[cli]") {
  auto arguments = GENERATE("tail a --from 0", "tail a --from x", "tail a --from -1", "tail a --count 0",
                            "tail a --timeout-ms 0", "publish a 1 --timeout-ms 0", "call a 1 --timeout-ms -5",
                            "chat --node-timeout-ms 0", "tail a --node-timeout-ms 86400001");
  CAPTURE(arguments);
  CHECK(run(std::string{arguments} + " 2>/dev/null </dev/null").status == 2);
}

TEST_CASE("a client command ends with 1 when the node stops answering", "[cli]") {
  fake_ws_server server{node};
  auto command = GENERATE("publish dead 1", "call dead 1", "tail dead", "tail ends",
                          "tail a --namespace dead", "chat --agent dead");
  auto got =
      timed(std::string{command} + " --node-timeout-ms 300 --url " + server.url() + " <<END\nhi\nEND\n");
  CAPTURE(command, got.out, got.took.count());
  CHECK(got.status == 1);
  CHECK(says(got, "weir: the "));
  CHECK(got.took >= milliseconds{300});
  CHECK(got.took < milliseconds{5'000});
}

TEST_CASE("a client command ends with 1 when the node answers pings but not the request", "[cli]") {
  fake_ws_server server{node};
  auto command =
      GENERATE("publish lost 1 --timeout-ms 300", "call lost 1", "tail lost", "call a 1 --timeout-ms 1");
  auto got = timed(std::string{command} + " --node-timeout-ms 300 --url " + server.url());
  CAPTURE(command, got.out, got.took.count());
  CHECK(got.status == 1);
  CHECK(says(got, "the node did not answer in time"));
  CHECK(got.took < milliseconds{5'000});
}

TEST_CASE("a node that is quiet but answers pings is not given up", "[cli]") {
  fake_ws_server server{node};
  auto got = timed("tail nothing --timeout-ms 1000 --node-timeout-ms 200 --url " + server.url());
  CHECK(got.status == 0);
  CHECK(got.took >= milliseconds{1'000});
}

TEST_CASE("a client command does not wait for a node that never takes the connection", "[cli]") {
  fake_ws_server::settings how;
  how.mute = true;
  fake_ws_server server{node, how};
  auto got = timed("publish a 1 --node-timeout-ms 200 --url " + server.url());
  CHECK(got.status == 1);
  CHECK(says(got, "did not answer the upgrade in time"));
  CHECK(got.took < milliseconds{5'000});
}

TEST_CASE("a call's timeout is the run's", "[cli]") {
  fake_ws_server server{node};
  run("call a 1 --timeout-ms 50 --node-timeout-ms 50 2>/dev/null --url " + server.url());
  auto frames = server.frames();
  REQUIRE(frames.size() == 2);
  CHECK(json::parse(frames[1])["timeout_ms"] == 50);
}
