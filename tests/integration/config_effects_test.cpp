// Keys of the configuration, and what a client sees of each: a namespace of one real node for each limit.
#include "net/client/http_client.hpp"
#include "tests/integration/client.hpp"

#include <fstream>

using namespace weir;
using namespace weir::test;

namespace {

/// The limits of `NAME` are `{"<limit>": value}`, and those that the effect needs.
struct own_limit {
  const char* limit;
  json value;
  void (*check)(const node_process& node, const std::string& ns, const json& value);
  json others = json::object();
};

/// A namespace's name that a limit's is made into.
std::string namespace_of(const std::string& limit) {
  std::string out = limit;
  for (auto& c : out)
    if (c == '_') c = '-';
  return out;
}

json publish(client& from, const std::string& id, const json& more = json::object()) {
  json frame = {{"op", "publish"}, {"type", "a.b"}, {"message_id", id}, {"data", 1}};
  frame.update(more);
  return from.ask(frame);
}

json subscribe(client& from, const std::string& id, const json& more = json::object()) {
  json frame = {{"op", "subscribe"}, {"id", id}, {"pattern", "a.>"}};
  frame.update(more);
  return from.ask(frame);
}

json call(client& from, const std::string& target, const std::string& id, const json& more = json::object()) {
  json frame = {{"op", "call"}, {"target", target}, {"message_id", id}, {"input", "hello"}};
  frame.update(more);
  return from.ask(frame);
}

json history(client& from) {
  from.send({{"op", "history"}, {"id", "h"}, {"pattern", "a.>"}, {"limit", 1000}});
  return from.await([](const json& x) { return x.value("id", "") == "h"; });
}

double metric(const node_process& node, const std::string& series) {
  auto page = http_fetch(node.admin_url(), "GET", "/metrics", {}, {}, 10s).body;
  auto at = page.find('\n' + series);
  if (at == std::string::npos) return -1;
  auto blank = page.find(' ', at + series.size());
  return std::stod(page.substr(blank));
}

/// Waits for what a page that is a second old does not show yet.
bool comes_to(const std::function<bool()>& holds) {
  for (int i = 0; i < 300; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(50ms);
  }
  return false;
}

const own_limit limits_of_namespaces[] = {
    {"publish_per_s", 7,
     [](auto& node, auto& ns, auto& value) {
       CHECK(client(node, "a", ns).welcome["limits"]["publish_per_s"] == value);
     }},
    {"burst",
     3,
     [](auto& node, auto& ns, auto& value) {
       client a{node, "a", ns};
       CHECK(a.welcome["limits"]["burst"] == value);
       for (int i = 0; i < 30; ++i) a.send({{"op", "ping"}});
       CHECK(a.await("error")["reason"] == "rate");
     },
     {{"publish_per_s", 1}}},
    {"connections", 1,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns};
       CHECK(client(node, "b", ns).welcome["reason"] == "quota");
     }},
    {"subscriptions_per_session", 1,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns};
       CHECK(subscribe(a, "1")["op"] == "ok");
       CHECK(subscribe(a, "2")["reason"] == "too_large");
     }},
    {"outbound_bytes", 4096,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns};
       for (int i = 0; i < 20; ++i) publish(a, std::to_string(i), {{"data", std::string(500, 'x')}});
       auto part = history(a); // half of it at most
       CHECK(part["more"] == true);
       CHECK(part["events"].size() < 10);
     }},
    {"dedupe_ids", 1,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns};
       auto first = publish(a, "1")["seq"];
       publish(a, "2");
       CHECK(publish(a, "1")["seq"] != first); // it was forgotten
     }},
    {"dedupe_ms", 1,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns};
       auto first = publish(a, "1")["seq"];
       CHECK(comes_to([&] { return publish(a, "1")["seq"] != first; }));
     }},
    {"causal_events",
     1,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns};
       a.send(
           {{"op", "publish"}, {"type", "a.b"}, {"message_id", "1"}, {"data", 1}, {"prev_event_id", "x/1"}});
       CHECK(publish(a, "2", {{"prev_event_id", "x/2"}})["reason"] == "causal_full");
     },
     {{"causal_wait_ms", 600'000}}},
    {"causal_wait_ms", 1,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns};
       subscribe(a, "1");
       a.send(
           {{"op", "publish"}, {"type", "a.b"}, {"message_id", "1"}, {"data", 1}, {"prev_event_id", "x/1"}});
       CHECK(a.await("event")["causal_gap"] == true);
     }},
    {"log_events", 2,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns};
       for (int i = 0; i < 10; ++i) publish(a, std::to_string(i));
       CHECK(comes_to([&] { return metric(node, "weir_log_events{namespace=\"" + ns + "\"") == 2; }));
     }},
    {"log_bytes", 4096,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns};
       for (int i = 0; i < 20; ++i) publish(a, std::to_string(i), {{"data", std::string(1000, 'x')}});
       CHECK(comes_to([&] {
         auto bytes = metric(node, "weir_log_bytes{namespace=\"" + ns + "\"");
         return bytes > 0 && bytes <= 4096;
       }));
     }},
    {"session_ttl_ms", 3000,
     [](auto& node, auto& ns, auto& value) {
       CHECK(client(node, "a", ns).welcome["session_ttl_ms"] == value);
     }},
    {"queue_groups", 1,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns};
       CHECK(subscribe(a, "1", {{"queue", "one"}})["op"] == "ok");
       CHECK(subscribe(a, "2", {{"queue", "two"}})["reason"] == "too_large");
     }},
    {"queue_window", 1,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns}, b{node, "b", ns};
       REQUIRE(subscribe(a, "1", {{"queue", "q"}, {"ack", true}})["op"] == "ok");
       for (int i = 0; i < 3; ++i) publish(b, std::to_string(i));
       auto first = a.await("event");
       CHECK(first["message_id"] == "0");
       CHECK(a.await("event", 300ms).is_null()); // the next one waits for its acknowledgement
       a.send({{"op", "ack"}, {"event_id", "b/0"}});
       CHECK(a.await("event")["message_id"] == "1");
     }},
    {"runs", 1,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns};
       CHECK(call(a, "slow", "1")["op"] == "ok");
       CHECK(call(a, "slow", "2")["reason"] == "namespace_full");
     }},
    {"watches_per_connection", 1,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns}, b{node, "b", ns};
       CHECK(call(a, "slow", "1")["op"] == "ok");
       CHECK(call(a, "slow", "2")["op"] == "ok");
       CHECK(b.ask({{"op", "watch"}, {"run_id", "a/1"}})["op"] == "ok");
       CHECK(b.ask({{"op", "watch"}, {"run_id", "a/2"}})["reason"] == "too_large");
     }},
    {"run_watchers", 1,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns}, b{node, "b", ns}, c{node, "c", ns};
       CHECK(call(a, "slow", "1")["op"] == "ok");
       auto one = b.ask({{"op", "watch"}, {"run_id", "a/1"}});
       auto two = c.ask({{"op", "watch"}, {"run_id", "a/1"}});
       CHECK((one["reason"] == "quota" || two["reason"] == "quota"));
     }},
    {"thread_queue", 1,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns};
       json in_thread = {{"thread", "t"}, {"on_busy", "queue"}};
       for (auto* id : {"1", "2"}) CHECK(call(a, "slow", id, in_thread)["op"] == "ok");
       a.send({{"op", "call"},
               {"target", "slow"},
               {"message_id", "3"},
               {"input", 1},
               {"thread", "t"},
               {"on_busy", "queue"}});
       auto no = a.await([](const json& x) { return x["op"] == "error" || x["op"] == "result"; });
       CHECK(no.dump().find("thread_full") != std::string::npos);
     }},
    {"model_tokens_per_min", 1,
     [](auto& node, auto& ns, auto&) {
       client a{node, "a", ns};
       std::string last;
       CHECK(comes_to([&, i = 0]() mutable {
         call(a, "assistant", std::to_string(i++));
         last = a.await([](const json& x) { return x["op"] == "result" || x["op"] == "error"; }).dump();
         return last.find("quota") != std::string::npos;
       }));
     }},
};

} // namespace

TEST_CASE("what a namespace's own limits say holds in it, one limit after the other", "[config]") {
  json namespaces = json::object();
  for (auto& x : limits_of_namespaces) {
    json own = {{x.limit, x.value}};
    own.update(x.others);
    namespaces[namespace_of(x.limit)] = {{"agents", {"assistant", "slow"}}, {"limits", own}};
  }
  json config = {{"namespaces", namespaces},
                 {"models", {{"hangs", {{"simulated", {{"hang_rate", 1}}}, {"timeout_ms", 60'000}}}}},
                 {"agents", {{"slow", {{"model", "hangs"}}}}}};
  node_process node{config.dump()};
  node.start();
  for (auto& x : limits_of_namespaces) {
    INFO(x.limit);
    x.check(node, namespace_of(x.limit), x.value);
  }
}

TEST_CASE("a node's limits hold in namespaces that have none of their own", "[config]") {
  node_process node{
      R"({"limits":{"burst":9,"subscriptions_per_session":1,"connections":2},"namespaces":{"demo":{}}})"};
  node.start();
  for (auto* ns : {"demo", "other"}) {
    INFO(ns);
    client a{node, "a", ns}, b{node, "b", ns};
    CHECK(a.welcome["limits"]["burst"] == 9);
    CHECK(subscribe(a, "1")["op"] == "ok");
    CHECK(subscribe(a, "2")["reason"] == "too_large");
    CHECK(client(node, "c", ns).welcome["reason"] == "quota");
  }
}

TEST_CASE("the address, name, time-outs and bounds of a node are those of its configuration", "[config]") {
  node_process node{
      R"({"node":{"name":"west"},"listen":{"address":"127.0.0.2"},"admin":{"address":"127.0.0.3"},
      "limits":{"frame_bytes":2048,"http_body_bytes":1024},"session":{"ttl_ms":7000},"log":{"format":"json","level":"info"},
      "metrics":{"namespace_histograms":true}})"};
  node.start();
  CHECK(node.url().find("http://127.0.0.2:") == 0);
  CHECK(node.admin_url().find("http://127.0.0.3:") == 0);
  client a{node, "a"};
  CHECK(a.welcome["node"] == "west");
  CHECK(a.welcome["session_ttl_ms"] == 7000);
  CHECK(a.welcome["limits"]["max_frame_bytes"] == 2048);
  CHECK(http_fetch(node.url(), "GET", "/healthz", {}, {}, 5s).status == 200);
  CHECK(http_fetch(node.url(), "POST", "/v1/ws", std::string(2000, 'x'), {}, 5s).status >= 400);
  CHECK(publish(a, "0")["op"] == "ok");
  CHECK(comes_to([&] {
    auto page = http_fetch(node.admin_url(), "GET", "/metrics", {}, {}, 10s).body;
    auto at = page.find("weir_event_stage_seconds_count{");
    return at != std::string::npos && page.find("namespace=\"demo\"", at) != std::string::npos;
  }));
  a.publish("a", "1", std::string(3000, 'x'));
  while (a.socket.is_open() && !a.receive(5s).is_null()) {
  }
  CHECK(a.socket.close_code() == 1009);
  std::ifstream log(node.log_path());
  std::string line;
  while (std::getline(log, line) && line.substr(0, 1) != "{") {
  } // what CAF says of itself is no line of the node's
  CHECK(json::parse(line).contains("level"));
}
