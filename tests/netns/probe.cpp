#include "tests/netns/probe.hpp"

#include "net/client/ws_client.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace weir::test {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto pause = 10ms;

} // namespace

probe::probe(std::string by, std::string at, std::string ns)
  : by_(std::move(by)), at_(std::move(at)), ns_(std::move(ns)) {
  last_us_ = now_us();
  listener_ = std::thread([this] { listen(); });
  publisher_ = std::thread([this] { publish(); });
}

probe::~probe() { stop(); }

std::map<std::string, int> probe::stop() {
  stopping_ = true;
  if (publisher_.joinable()) publisher_.join();
  if (listener_.joinable()) listener_.join();
  return refused_;
}

std::int64_t probe::now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock::now().time_since_epoch()).count();
}

void probe::reset() {
  last_us_ = now_us();
  longest_us_ = 0;
  counting_ = true;
}

std::chrono::milliseconds probe::silence() const {
  return std::chrono::milliseconds{(now_us() - last_us_) / 1000};
}

std::chrono::milliseconds probe::longest_silence() const {
  return std::max(std::chrono::milliseconds{longest_us_ / 1000}, silence());
}

/// One event at a time, each until it is taken.
void probe::publish() {
  ws_client socket;
  int number = 0;
  while (!stopping_) {
    try {
      if (!socket.is_open()) {
        socket.connect(by_);
        socket.hello(ns_, "probe-by", 12s);
      }
      socket.send(json{
          {"op", "publish"},
          {"type", "note.probe"},
          {"message_id", "p" + std::to_string(number)},
          {"data", 1}}.dump());
      auto text = socket.receive(12s);
      if (!text) continue;
      auto got = json::parse(*text);
      if (got["op"] == "ok") ++number;
      if (got["op"] == "error" && counting_) ++refused_[got.value("reason", "")];
    } catch (const std::exception&) { // connected again
      std::this_thread::sleep_for(pause);
    }
    std::this_thread::sleep_for(pause);
  }
}

void probe::listen() {
  ws_client socket;
  while (!stopping_) {
    try {
      if (!socket.is_open()) {
        socket.connect(at_);
        socket.hello(ns_, "probe-at", 12s);
        socket.send(R"({"op":"subscribe","id":"s","pattern":"note.probe"})");
      }
      auto text = socket.receive(50ms);
      if (!text || json::parse(*text)["op"] != "event") continue;
      auto now = now_us();
      longest_us_ = std::max(longest_us_.load(), now - last_us_.exchange(now));
    } catch (const std::exception&) {
      std::this_thread::sleep_for(pause);
    }
  }
}

} // namespace weir::test
