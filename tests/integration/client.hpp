#pragma once

#include "net/client/ws_client.hpp"
#include "tests/integration/node_process.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <thread>

namespace weir::test {

using json = nlohmann::json;
using namespace std::chrono_literals;

/// A client of a real node that speaks JSON.
class client {
public:
  client(const node_process& node, const std::string& id, const std::string& ns = "demo") {
    socket.connect(node.url());
    welcome = socket.hello(ns, id);
  }

  void send(const json& frame) { socket.send(frame.dump()); }

  /// The next frame, or null when none comes in time.
  json receive(std::chrono::milliseconds timeout = 5s) {
    auto text = socket.receive(timeout);
    return text ? json::parse(*text) : json();
  }

  /// The next frame that `wanted` takes; others are dropped. Null when none comes in time.
  json await(const std::function<bool(const json&)>& wanted, std::chrono::milliseconds timeout = 10s) {
    auto deadline = std::chrono::steady_clock::now() + timeout;
    while (std::chrono::steady_clock::now() < deadline) {
      auto x = receive(100ms);
      if (!x.is_null() && wanted(x)) return x;
      if (x.is_null() && !socket.is_open()) break;
    }
    return {};
  }

  json await(const std::string& op, std::chrono::milliseconds timeout = 10s) {
    return await([&op](const json& x) { return x["op"] == op; }, timeout);
  }

  /// Sends a frame and gives its `ok` or `error`.
  json ask(const json& frame) {
    send(frame);
    return await([](const json& x) { return x["op"] == "ok" || x["op"] == "error"; });
  }

  /// As `ask`, again while it is refused, as clients do; for ten seconds.
  json insist(const json& frame) {
    json got;
    for (int tries = 0; tries < 100 && got["op"] != "ok"; ++tries) {
      got = ask(frame);
      if (got["op"] != "ok") std::this_thread::sleep_for(100ms);
    }
    return got;
  }

  void publish(const std::string& type, const std::string& message_id, const json& data = 1) {
    send({{"op", "publish"}, {"type", type}, {"message_id", message_id}, {"data", data}});
  }

  json subscribe(const std::string& pattern) {
    return ask({{"op", "subscribe"}, {"id", pattern}, {"pattern", pattern}});
  }

  /// Whether the node answers this client.
  bool is_served() {
    send({{"op", "ping"}, {"id", "alive"}});
    return await("pong", 3s)["id"] == "alive";
  }

  ws_client socket;
  json welcome;
};

} // namespace weir::test
