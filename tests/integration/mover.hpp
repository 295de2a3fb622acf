#pragma once

#include "net/client/ws_client.hpp"
#include "tests/integration/node_process.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace weir::test {

/// A client that does as the protocol says: when it is told to drain it waits for its delay, closes, and
/// connects again with its session, as often as it takes. It subscribes to `pattern`, or publishes one event
/// after the other of the type `work.<name>`, and repeats the one that was not answered.
class mover {
public:
  using json = nlohmann::json;
  enum class part { subscriber, publisher };

  mover(std::uint16_t port, std::string name, part plays)
    : url_("http://127.0.0.1:" + std::to_string(port)), name_(std::move(name)), plays_(plays),
      thread_([this] { run(); }) {}

  ~mover() { end(); }

  /// Publishes no more once the last event has been answered; a subscriber stops at once.
  void end() {
    ending_ = true;
    if (thread_.joinable()) thread_.join();
  }

  std::size_t done() const { return done_; } ///< Events that were received or acknowledged.
  std::uint64_t last_seq() const { return last_seq_; }
  bool is_subscribed() const { return subscribed_; }
  int drains() const { return drains_; }
  const std::vector<json>& events() const { return events_; } ///< After `end`: events, or gaps.
  const std::vector<std::string>& acknowledged() const { return acknowledged_; } ///< After `end`.

private:
  using clock = std::chrono::steady_clock;

  bool is_over() const { return ending_ && (plays_ == part::subscriber || !in_flight_); }

  void run() {
    while (!is_over()) {
      try {
        connect();
        while (!is_over() && socket_.is_open() && clock::now() < leave_at_) step();
        socket_.close();
      } catch (const ws_error&) {
        socket_.abort();
        std::this_thread::sleep_for(std::chrono::milliseconds{20}); // the node is not there
      }
    }
  }

  void connect() {
    leave_at_ = clock::time_point::max();
    socket_.connect(url_);
    json hello = {{"op", "hello"}, {"namespace", "demo"}, {"client_id", name_}};
    if (!session_.empty()) hello["session"] = session_;
    if (last_seq_ > 0) hello["last_seq"] = last_seq_.load();
    socket_.send(hello.dump());
    auto answer = socket_.receive(std::chrono::seconds{5});
    auto welcome = answer ? json::parse(*answer) : json();
    if (welcome.is_null() || welcome["op"] != "welcome") throw ws_error("not welcome");
    session_ = welcome["session"];
    if (plays_ == part::subscriber && !subscribed_)
      socket_.send(R"({"op":"subscribe","id":"s","pattern":"work.>","from":1})");
    if (in_flight_) publish(); // it may or may not have been taken
  }

  void step() {
    if (plays_ == part::publisher && !in_flight_ && !ending_) {
      in_flight_ = "m" + std::to_string(++count_);
      publish();
    }
    if (auto text = socket_.receive(std::chrono::milliseconds{20})) take(json::parse(*text));
  }

  void publish() {
    json frame = {
        {"op", "publish"}, {"type", "work." + name_}, {"message_id", *in_flight_}, {"data", count_}};
    socket_.send(frame.dump());
  }

  void take(const json& frame) {
    if (frame["op"] == "drain") {
      ++drains_;
      leave_at_ = clock::now() + std::chrono::milliseconds{frame["delay_ms"].get<std::int64_t>()};
    } else if (frame["op"] == "event" || frame["op"] == "gap") {
      events_.push_back(frame);
      if (frame["op"] != "event") return;
      last_seq_ = frame["seq"].get<std::uint64_t>();
      ++done_;
    } else if (frame["op"] == "ok" && frame.contains("id")) {
      subscribed_ = true;
    } else if (frame["op"] == "ok" && in_flight_ && frame["message_id"] == *in_flight_) {
      acknowledged_.push_back(frame["event_id"]);
      in_flight_.reset();
      ++done_;
    }
  }

  std::string url_;
  std::string name_;
  part plays_;
  ws_client socket_;
  std::string session_;
  clock::time_point leave_at_{};
  std::optional<std::string> in_flight_;
  std::uint64_t count_ = 0;
  std::vector<json> events_;
  std::vector<std::string> acknowledged_;
  std::atomic<bool> ending_{false}, subscribed_{false};
  std::atomic<std::size_t> done_{0};
  std::atomic<std::uint64_t> last_seq_{0};
  std::atomic<int> drains_{0};
  std::thread thread_; // last: it uses all of these
};

} // namespace weir::test
