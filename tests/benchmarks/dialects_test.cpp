#include "benchmarks/load/generator/dialects.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <vector>

using namespace weir::bench;

namespace {

/// Remembers what it was told, as words.
struct heard : dialect_sink {
  std::vector<std::string> sent, told;

  void send(ws_op, std::string_view payload) override { sent.emplace_back(payload); }
  void on_ready() override { told.push_back("ready"); }
  void on_session(std::string_view token, bool recovered) override {
    told.push_back("session " + std::string{token} + (recovered ? " recovered" : ""));
  }
  void on_position(std::uint64_t seq) override { told.push_back("position " + std::to_string(seq)); }
  void on_delivery(std::string_view body, std::uint64_t seq) override {
    told.push_back("delivery " + std::to_string(seq) + ' ' + std::string{body});
  }
  void on_accepted(const event_name& x) override { told.push_back("accepted " + name(x)); }
  void on_refused(const event_name& x, int code, std::string_view reason) override {
    told.push_back("refused " + name(x) + ' ' + std::to_string(code) + ' ' + std::string{reason});
  }
  void on_drain(std::int64_t delay_ms) override { told.push_back("drain " + std::to_string(delay_ms)); }
  void on_notice(std::string_view x) override { told.push_back("notice " + std::string{x}); }

  static std::string name(const event_name& x) {
    return std::to_string(x.lane) + '.' + std::to_string(x.number);
  }
};

using words = std::vector<std::string>;

const endpoint subscriber{"demo", "c", 5, 3, true, false};

std::string payload_of(const std::string& frame) {
  auto masked = frame; // with a key of zero
  masked[1] = static_cast<char>(masked[1] & 0x7f);
  masked.erase((masked[1] & 0x7f) == 126 ? 4 : 2, 4);
  ws_frame out;
  std::size_t size = 0;
  REQUIRE(parse_frame(masked, out, size) == frame_state::whole);
  return std::string{out.payload};
}

} // namespace

TEST_CASE("a client of Weir says hello, subscribes, and is ready") {
  auto x = make_weir_dialect({});
  heard to;
  std::string pending;
  x->on_open(subscriber, "", 0, to);
  CHECK(to.sent == words{R"({"op":"hello","namespace":"demo","client_id":"c5"})"});
  x->on_message(subscriber, R"({"op":"welcome","session":"t","recovered":false,"seq":4})", pending, to);
  CHECK(to.sent.back() == R"({"op":"subscribe","id":"s","pattern":"bench.3.m"})");
  x->on_message(subscriber, R"({"op":"ok","id":"s","seq":9})", pending, to);
  CHECK(to.told == words{"session t", "position 9", "ready"});
}

TEST_CASE("a client of Weir that comes back does not subscribe again") {
  auto x = make_weir_dialect({});
  heard to;
  std::string pending;
  x->on_open(subscriber, "t", 17, to);
  CHECK(to.sent
        == words{R"({"op":"hello","namespace":"demo","client_id":"c5","session":"t","last_seq":17})"});
  x->on_message(subscriber, R"({"op":"welcome","session":"u","recovered":true})", pending, to);
  CHECK(to.sent.size() == 1);
  CHECK(to.told == words{"session u recovered", "ready"});
}

TEST_CASE("what a node answers and delivers is told apart") {
  auto x = make_weir_dialect({});
  heard to;
  std::string pending;
  for (
      auto* text :
      {R"({"op":"event","seq":12,"event_id":"p/0.1","type":"bench.3.m","client_id":"p","message_id":"0.1","ts":1,"data":{"by":0}})",
       R"({"op":"event","event_id":"p/0.2","type":"bench.3.m","client_id":"p","message_id":"0.2","ts":1,"data":{"by":1}})",
       R"({"op":"ok","message_id":"4.77","event_id":"p/4.77","seq":5})",
       R"({"op":"error","code":429,"reason":"rate","message_id":"4.78","retry_after_ms":5})",
       R"({"op":"error","code":400,"reason":"malformed"})",
       R"({"op":"drain","delay_ms":250,"reason":"drain"})", R"({"op":"lagging","seq":3})"})
    x->on_message(subscriber, text, pending, to);
  CHECK(to.told
        == words{R"(delivery 12 {"by":0})", R"(delivery 0 {"by":1})", "accepted 4.77",
                 "refused 4.78 429 rate", "notice error_400_malformed", "drain 250", "notice lagging"});
}

TEST_CASE("a publish to Weir is one JSON frame") {
  std::string out;
  make_weir_dialect({true})->append_publish(out, subscriber, {4, 77}, R"({"by":4})");
  auto x = nlohmann::json::parse(payload_of(out));
  CHECK(x["op"] == "publish");
  CHECK(x["type"] == "bench.3.m");
  CHECK(x["message_id"] == "4.77");
  CHECK(x["ephemeral"] == true);
  CHECK(x["data"]["by"] == 4);
}

TEST_CASE("a NATS conversation is read wherever it is split") {
  auto x = make_nats_dialect();
  const std::string text = "INFO {\"server_id\":\"a\"}\r\nPING\r\nPONG\r\nMSG demo.bench.3.m 1 5\r\nhello\r\n"
                           "MSG demo.bench.3.m 1 reply.to 4\r\n\r\n\r\n\r\n+OK\r\n-ERR 'no'\r\n";
  for (std::size_t first = 0; first <= text.size(); ++first) {
    heard to;
    std::string pending;
    x->on_message(subscriber, text.substr(0, first), pending, to);
    x->on_message(subscriber, text.substr(first), pending, to);
    INFO(first);
    CHECK(to.told == words{"ready", "delivery 0 hello", "delivery 0 \r\n\r\n", "notice -ERR 'no'"});
    REQUIRE(to.sent.size() == 2);
    CHECK(to.sent[0].starts_with("CONNECT {"));
    CHECK(to.sent[0].ends_with("\r\nSUB demo.bench.3.m 1\r\nPING\r\n"));
    CHECK(to.sent[1] == "PONG\r\n");
    CHECK(pending.empty());
  }
}

TEST_CASE("a NATS message without a size is refused") {
  heard to;
  std::string pending;
  CHECK_THROWS(make_nats_dialect()->on_message(subscriber, "MSG demo x\r\n", pending, to));
}

TEST_CASE("a publish to NATS names subject and size") {
  std::string out;
  make_nats_dialect()->append_publish(out, subscriber, {}, "hello");
  CHECK(payload_of(out) == "PUB demo.bench.3.m 5\r\nhello\r\n");
}

TEST_CASE("nchan answers publishers and delivers to subscribers") {
  auto x = make_nchan_dialect();
  heard to;
  std::string pending;
  endpoint publisher{"demo", "c", 6, 3, false, true};
  CHECK(x->path(subscriber) == "/sub/demo.3");
  CHECK(x->path(publisher) == "/pub/demo.3");
  x->on_message(subscriber, "hello", pending, to);
  x->on_message(publisher, "queued messages: 1\r\nlast requested: 0 sec. ago", pending, to);
  CHECK(to.told == words{"delivery 0 hello", "accepted 0.0"});
}

TEST_CASE("the plain dialect sends what it is given and is ready at once") {
  auto x = make_plain_dialect();
  heard to;
  x->on_open(subscriber, "", 0, to);
  CHECK(to.told == words{"ready"});
  std::string out;
  x->append_publish(out, subscriber, {}, "hello");
  CHECK(payload_of(out) == "hello");
}

TEST_CASE("a dialect that nobody has written is refused by name") {
  CHECK_THROWS_AS(make_dialect("morse", {}), std::invalid_argument);
}
