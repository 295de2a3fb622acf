#include "tests/crash/pulse.hpp"

#include <algorithm>

namespace weir::test {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 3s; // for one answer; then it is asked for again over another connection
constexpr auto between_tries = 20ms;
constexpr std::int64_t nack_delay_ms = 200;

bool is_passing(const json& error) {
  auto code = error.value("code", 0);
  return code == 429 || code == 503 || error.value("retry_after_ms", 0) > 0;
}

} // namespace

pulse::pulse(std::string url, std::string ns)
  : url_(std::move(url)), ns_(std::move(ns)), thread_([this] { run(); }) {}

pulse::~pulse() {
  if (thread_.joinable()) end(0s);
}

void pulse::end(std::chrono::seconds at_most) {
  give_up_at_ = std::chrono::steady_clock::now() + at_most;
  stopping_ = true;
  thread_.join();
}

void pulse::run() {
  for (std::size_t n = 0; !stopping_; ++n) {
    auto what = static_cast<kind>(n % kinds);
    auto began = std::chrono::steady_clock::now();
    for (std::size_t tries = 0;; ++tries) {
      auto id = std::string{names[n % kinds]} + '-' + std::to_string(n);
      // Who is given an event, or told of it, is lost with the connection: then it is another event.
      auto again = what == kind::delivery || what == kind::nack_timer || what == kind::receipt;
      if (again) id += '-' + std::to_string(tries);
      auto over = false;
      try {
        if (!socket_.is_open()) connect();
        over = socket_.is_open() && try_once(what, id);
      } catch (const ws_error&) { // the node is down, or went down
      } catch (const std::exception& x) {
        faults_.push_back(ns_ + ' ' + id + ": " + x.what());
      }
      if (over) break;
      socket_.abort();
      if (stopping_ && std::chrono::steady_clock::now() > give_up_at_) {
        faults_.push_back(ns_ + ' ' + id + ": never done");
        break;
      }
      std::this_thread::sleep_for(between_tries);
    }
    auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    auto& most = longest_[n % kinds];
    most = std::max(most, took);
    ++done_;
  }
}

void pulse::connect() {
  socket_.connect(url_);
  auto welcome = socket_.hello(ns_, "pulse");
  if (welcome.value("op", "") != "welcome") return socket_.abort();
  ask({{"op", "subscribe"}, {"id", "d"}, {"pattern", "pulse.d"}});
  ask({{"op", "subscribe"}, {"id", "q"}, {"pattern", "pulse.q"}, {"queue", "g"}, {"ack", true}});
}

json pulse::await(const std::function<bool(const json&)>& wanted) {
  auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < deadline) {
    auto text = socket_.receive(50ms);
    if (!text && !socket_.is_open()) throw ws_error("closed");
    if (!text) continue;
    auto frame = json::parse(*text);
    if (wanted(frame)) return frame;
    // Of an earlier connection: it is in this member's hands until it is acknowledged.
    if (frame.value("op", "") == "event" && frame.value("type", "") == "pulse.q")
      socket_.send(json{{"op", "ack"}, {"event_id", frame["event_id"]}}.dump());
  }
  return {};
}

/// Sends a frame and gives its `ok`; null when it was refused for now.
json pulse::ask(json frame) {
  auto* key = frame.contains("message_id") ? "message_id" : "id";
  auto id = frame.at(key).get<std::string>();
  socket_.send(frame.dump());
  auto got = await([&](const json& x) {
    auto op = x.value("op", "");
    return (op == "ok" || op == "error") && (x.value(key, "") == id || !x.contains(key));
  });
  if (got.is_null() || got["op"] == "ok") return got;
  if (!is_passing(got)) faults_.push_back(ns_ + ' ' + id + " was answered with " + got.dump());
  return {};
}

bool pulse::await_event(const std::string& event_id) {
  return !await([&](const json& x) {
            return x.value("op", "") == "event" && x.value("event_id", "") == event_id;
          }).is_null();
}

bool pulse::is_call_over(const std::string& target, const std::string& id) {
  json call = {{"op", "call"}, {"target", target}, {"message_id", id}, {"input", {{"n", 1}}}};
  if (ask(std::move(call)).is_null()) return false;
  auto got = await(
      [&](const json& x) { return x.value("op", "") == "result" && x.value("run_id", "") == "pulse/" + id; });
  if (got.is_null()) return false;
  // A clock that was ahead when the node was started again has ended it: its time is what is recorded.
  auto out_of_time = got.contains("error") && got["error"].value("reason", "") == "deadline";
  auto looked_old = got.value("elapsed_ms", 0L) > 1'800'000; // a run lasts seconds: the clock has jumped
  if (got.value("status", "") != "complete" && !(out_of_time && (target == "waits" || looked_old)))
    faults_.push_back(ns_ + ' ' + id + " ended as " + got.dump());
  return true;
}

bool pulse::is_given_again(const std::string& id) {
  if (!await_event("pulse/" + id)) return false;
  socket_.send(json{{"op", "nack"}, {"event_id", "pulse/" + id}, {"delay_ms", nack_delay_ms}}.dump());
  if (!await_event("pulse/" + id)) return false;
  socket_.send(json{{"op", "ack"}, {"event_id", "pulse/" + id}}.dump());
  return true;
}

bool pulse::try_once(kind what, const std::string& id) {
  json event = {{"op", "publish"}, {"type", "pulse.p"}, {"message_id", id}, {"data", 1}};
  switch (what) {
  case kind::publish:
    return !ask(std::move(event)).is_null();
  case kind::delivery:
    event["type"] = "pulse.d";
    socket_.send(event.dump());
    return await_event("pulse/" + id);
  case kind::call:
    return is_call_over("echo", id);
  case kind::run_timer:
    return is_call_over("waits", id);
  case kind::causal_timer:
    event["prev_event_id"] = "nobody/" + id;
    return !ask(std::move(event)).is_null();
  case kind::nack_timer:
    event["type"] = "pulse.q";
    socket_.send(event.dump());
    return is_given_again(id);
  case kind::receipt:
    event["type"] = "pulse.d";
    event["receipt"] = "delivered";
    socket_.send(event.dump());
    return !await([&](const json& x) {
              return x.value("op", "") == "receipt" && x.value("event_id", "") == "pulse/" + id;
            }).is_null();
  }
  return true;
}

} // namespace weir::test
