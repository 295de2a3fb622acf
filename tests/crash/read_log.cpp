#include "tests/crash/crowd.hpp"

namespace weir::test {

namespace {

using namespace std::chrono_literals;

constexpr int page = 1000;

/// The next frame of this op; others are dropped.
json await(ws_client& socket, const std::string& op) {
  for (;;) {
    auto text = socket.receive(10s);
    if (!text) throw ws_error{"no " + op + " in 10 s"};
    auto frame = json::parse(*text);
    if (frame["op"] == "error") throw ws_error{"the log cannot be read: " + *text};
    if (frame["op"] == op) return frame;
  }
}

logged to_logged(const json& x) {
  logged out;
  out.seq = x.at("seq");
  out.event_id = x.at("event_id");
  out.client_id = x.at("client_id");
  out.type = x.at("type");
  out.prev_event_id = x.value("prev_event_id", "");
  out.causal_gap = x.value("causal_gap", false);
  out.content = content_of(x);
  if (out.type == "sys.agent.dead_letter") out.dead_letter = x["data"].value("event_id", "");
  return out;
}

} // namespace

std::vector<logged> read_log(const std::string& url, std::string& epoch, const std::string& ns) {
  ws_client socket;
  socket.connect(url);
  epoch = socket.hello(ns, "reader").at("epoch");
  std::vector<logged> out;
  for (std::uint64_t after = 0;;) {
    socket.send(
        json{{"op", "history"}, {"id", "h"}, {"pattern", ">"}, {"after_seq", after}, {"limit", page}}.dump());
    auto answer = await(socket, "history");
    for (auto& x : answer.at("events")) out.push_back(to_logged(x));
    if (!answer.value("more", false) || answer["events"].empty()) return out;
    after = out.back().seq;
  }
}

} // namespace weir::test
