// The built binary against a scripted server.
#include "actors/auth/jws.hpp"
#include "tests/paths.hpp"
#include "tests/support/fake_ws_server.hpp"
#include "tests/support/quiet_port.hpp"
#include "tests/support/shell.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <nlohmann/json.hpp>

using nlohmann::json;
using weir::test::fake_peer;
using weir::test::fake_ws_server;
using weir::test::run;
using weir::test::shell;

namespace {

/// Answers as a node would, with what the tests look for.
void node(fake_peer& peer, std::string_view text) {
  auto frame = json::parse(text);
  auto op = frame.value("op", "");
  if (op == "hello") return peer.send(R"({"op":"welcome"})");
  if (op == "publish" && frame["type"] == "full")
    return peer.send(R"({"op":"error","code":429,"reason":"rate","message":"slower"})");
  if (op == "publish") return peer.send(json{{"op", "ok"}, {"seq", 1}, {"got", frame["data"]}}.dump());
  if (op == "subscribe") {
    peer.send(R"({"op":"ok","id":"tail","seq":0})");
    peer.send(R"({"op":"event","seq":1,"type":"a.b","data":1})");
    if (frame["pattern"] != "stay") peer.close(1001, "bye");
    return;
  }
  if (op != "call") return;
  if (frame["target"] == "nobody")
    return peer.send(R"({"op":"error","code":404,"reason":"unknown_target","message":"no agent nobody"})");
  peer.send(R"({"op":"ok","run_id":"r"})");
  if (frame["stream"] == true) {
    peer.send(R"({"op":"delta","run_id":"r","at":0,"text":"hel"})");
    peer.send(R"({"op":"delta","run_id":"r","at":3,"text":"lo"})");
  }
  bool cut = frame["input"] == "cut";
  peer.send(json{{"op", "result"},
                 {"run_id", "r"},
                 {"status", cut ? "partial" : "complete"},
                 {"output", {{"text", "hello"}}}}
                .dump());
}

} // namespace

TEST_CASE("wrong use ends with 2 and the usage", "[cli]") {
  auto arguments = GENERATE("", "bogus", "publish", "publish a", "tail", "node --colour red", "config --set");
  auto got = run(std::string{arguments} + " 2>&1 >/dev/null");
  CAPTURE(arguments, got.out);
  CHECK(got.status == 2);
  CHECK(got.out.find("Usage: weir") != std::string::npos);
}

TEST_CASE("a wrong configuration ends with 2 and says why", "[cli]") {
  CHECK(run("config --set listen.port=x 2>&1").status == 2);
  CHECK(run("config --set listen.port=x 2>&1").out == "listen.port: must be a whole number, is a text\n");
  CHECK(run("config --config /nowhere/at/all 2>&1").status == 2);
  auto exposed = run("node --set listen.address=0.0.0.0 2>&1");
  CHECK(exposed.status == 2);
  CHECK(exposed.out.find("--insecure") != std::string::npos);
}

TEST_CASE("what is done ends with 0", "[cli]") {
  CHECK(run("--version").out.substr(0, 5) == "weir ");
  CHECK(run("--help").status == 0);
  auto config = run("config");
  CHECK(config.status == 0);
  CHECK(json::parse(config.out)["listen"]["port"] == 8080);
}

TEST_CASE("token prints a token of the first shared secret, for as long as it may live", "[cli][auth]") {
  auto with = [](const std::string& more) {
    return run("token --set auth.mode=jwt --set "
               "'auth.keys=[{\"secret_env\":\"WEIR_TEST_SECRET\",\"alg\":\"HS256\"}]' "
               + more + " 2>&1");
  };
  setenv("WEIR_TEST_SECRET", "0123456789abcdef0123456789abcdef", 1);
  auto got = with("--sub alice --ns demo --ttl 60");
  CHECK(got.status == 0);
  auto key = std::get<weir::auth::verification_key>(weir::auth::verification_key::from_secret(
      "0123456789abcdef0123456789abcdef", weir::auth::algorithm::hs256));
  auto payload = weir::auth::verify_jws(got.out.substr(0, got.out.find('\n')), {key});
  REQUIRE(std::holds_alternative<std::string>(payload));
  auto claims = json::parse(std::get<std::string>(payload));
  CHECK(claims["sub"] == "alice");
  CHECK(claims["ns"] == "demo");
  CHECK(claims["exp"].get<long>() - claims["iat"].get<long>() == 60);
  CHECK(with("--sub 'a b'").status == 2);
  CHECK(with("--sub alice --ttl 999999").status == 2);
  CHECK(with("--sub alice --rights /nowhere").status == 2);
  CHECK(run("token --sub alice 2>&1").status == 2); // there is no secret
  setenv("WEIR_TEST_SECRET", "short", 1);
  auto weak = with("--sub alice");
  CHECK(weak.status == 2);
  CHECK(weak.out.find("short") == std::string::npos);
  unsetenv("WEIR_TEST_SECRET");
}

TEST_CASE("publish prints the ok frame, or the error and ends with 1", "[cli]") {
  fake_ws_server server{node};
  auto at = " --url " + server.url();
  auto done = run("publish a.b '{\"x\":1}'" + at);
  CHECK(done.status == 0);
  CHECK(json::parse(done.out)["got"]["x"] == 1);
  CHECK(json::parse(run("publish a.b hello" + at).out)["got"] == "hello");
  auto refused = run("publish full 1" + at);
  CHECK(refused.status == 1);
  CHECK(json::parse(refused.out)["reason"] == "rate");
}

TEST_CASE("call prints the result, and the deltas when asked to", "[cli]") {
  fake_ws_server server{node};
  auto at = " --url " + server.url();
  auto whole = run("call assistant hi" + at);
  CHECK(whole.status == 0);
  CHECK(json::parse(whole.out)["op"] == "result");
  auto streamed = run("call assistant hi --stream" + at);
  CHECK(json::parse(streamed.out.substr(0, streamed.out.find('\n')))["text"] == "hel");
  CHECK(run("call nobody hi" + at).status == 1);
}

TEST_CASE("tail prints events as they come", "[cli]") {
  fake_ws_server server{node};
  auto got = run("tail '>' 2>/dev/null --url " + server.url());
  CHECK(got.out == "{\"op\":\"event\",\"seq\":1,\"type\":\"a.b\",\"data\":1}\n");
  CHECK(got.status == 1); // this node went away
}

TEST_CASE("tail ends with 0 on ctrl-c", "[cli]") {
  fake_ws_server server{node};
  auto tail = std::string{WEIR_BINARY_PATH} + " tail stay --url " + server.url();
  auto got = shell("d=$(mktemp -d); mkfifo $d/f; " + tail
                   + " >$d/f & p=$!; read -r line <$d/f; kill -INT $p; wait $p; s=$?; rm -r $d; exit $s");
  CHECK(got.status == 0);
}

TEST_CASE("chat prints each line's answer as it streams, without a prompt in a pipe", "[cli]") {
  fake_ws_server server{node};
  auto chat = [&](const std::string& input, const std::string& more = "") {
    return run("chat --url " + server.url() + more + " <<'END'\n" + input + "\nEND");
  };
  CHECK(chat("hi").out == "hello\n");
  CHECK(chat("hi\n\nagain").out == "hello\nhello\n");
  CHECK(chat("cut").out == "hello [partial]\n");
  auto refused = chat("hi", " --agent nobody");
  CHECK(refused.out == "[404 unknown_target: no agent nobody]\n");
  CHECK(refused.status == 1);
}

TEST_CASE("chat takes lines of any bytes and of any system", "[cli]") {
  fake_ws_server server{node};
  auto got = shell("printf 'caf\\351\\r\\n\\r\\nhi\\r\\n' | " + std::string{WEIR_BINARY_PATH} + " chat --url "
                   + server.url());
  CHECK(got.status == 0);
  CHECK(got.out == "hello\nhello\n");
  std::vector<std::string> asked;
  for (auto& frame : server.frames())
    if (auto x = json::parse(frame); x["op"] == "call") asked.push_back(x["input"]);
  CHECK(asked == std::vector<std::string>{"caf\xef\xbf\xbd", "hi"});
}

TEST_CASE("what cannot be written ends a command with 1", "[cli]") {
  fake_ws_server server{node};
  auto at = " --url " + server.url();
  for (auto& command :
       {"tail stay --timeout-ms 20000" + at, "publish a 1" + at, "call assistant hi --stream" + at,
        "chat <<<hi" + at, std::string{"config"}, std::string{"config --keys"}}) {
    INFO(command);
    auto got = shell("bash -c '" + std::string{WEIR_BINARY_PATH} + ' ' + command + " 2>&1 >/dev/full'");
    CHECK(got.status == 1);
    CHECK(got.out.find("standard output") != std::string::npos);
  }
}

TEST_CASE("a namespace that is none is wrong use and gets into no request", "[cli]") {
  fake_ws_server server{node};
  for (auto* command : {"publish a 1", "tail a", "call a 1", "runs", "dead", "dead --retry a/b"})
    for (auto* name : {"a b?x", "../nodes", "", "*", "A", "a/dead"}) {
      INFO(command << ' ' << name);
      auto got = run(std::string{command} + " --namespace '" + name + "' --url " + server.url() + " 2>&1");
      CHECK(got.status == 2);
      CHECK(got.out.find("--namespace") != std::string::npos);
    }
  CHECK(server.frames().empty());
}

TEST_CASE("a command that comes before its node waits for it", "[cli]") {
  auto port = std::to_string(weir::test::quiet_port());
  auto listen = "python3 -c 'import socket,time;time.sleep(0.5);s=socket.socket();"
                "s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1);s.bind((\"127.0.0.1\","
                + port
                + "));s.settimeout(9);s.listen();c=s.accept()[0];c.recv(1000);"
                  "c.send(b\"HTTP/1.1 503 Busy\\r\\ncontent-length: 0\\r\\n\\r\\n\");time.sleep(0.1)'";
  for (auto* command : {"publish a 1", "nodes"}) {
    auto got = shell("(" + listen + ") & " + std::string{WEIR_BINARY_PATH} + " " + command
                     + " --url http://127.0.0.1:" + port + " 2>&1; s=$?; wait; exit $s");
    INFO(command << ": " << got.out);
    CHECK(got.status == 1);
    CHECK(got.out.find("503") != std::string::npos); // it was there by then, and said this
  }
}

TEST_CASE("without a node a client command says so and ends with 1", "[cli]") {
  auto got = run("publish a 1 --url http://127.0.0.1:1 2>&1");
  CHECK(got.status == 1);
  CHECK(got.out.find("no node at http://127.0.0.1:1") != std::string::npos);
}
