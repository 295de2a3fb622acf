#include "net/wire/encode.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace weir;
using namespace weir::wire;
using nlohmann::json;

namespace {

event some_event() {
  event x;
  x.seq = 7;
  x.type = "chat.1";
  x.client_id = "alice";
  x.message_id = "m1";
  x.ts_ms = 1234;
  x.data = R"({"b":1,"a":"ä"})";
  return x;
}

} // namespace

TEST_CASE("an event's data goes into its frame as it is") {
  CHECK(
      encode(some_event())
      == R"({"op":"event","seq":7,"event_id":"alice/m1","type":"chat.1","client_id":"alice","message_id":"m1",)"
         R"("ts":1234,"data":{"b":1,"a":"ä"}})");
}

TEST_CASE("an event leaves out what it lacks") {
  auto x = some_event();
  auto plain = json::parse(encode(x));
  CHECK_FALSE(plain.contains("prev_event_id"));
  CHECK_FALSE(plain.contains("causal_gap"));
  CHECK_FALSE(plain.contains("redelivered"));
  x.seq = 0;
  x.prev_event_id = "bob/1";
  x.causal_gap = true;
  auto full = json::parse(encode(x, true));
  CHECK_FALSE(full.contains("seq"));
  CHECK(full["prev_event_id"] == "bob/1");
  CHECK(full["causal_gap"] == true);
  CHECK(full["redelivered"] == true);
}

TEST_CASE("a redelivered event's frame says so") {
  CHECK(*encode_redelivered(some_event()) == *make_frame(encode(some_event(), true)));
  CHECK(*encode_event(some_event()) == *make_frame(encode(some_event())));
}

TEST_CASE("a welcome tells the session and whether it was recovered") {
  welcome x;
  x.session = "e30.c2ln";
  x.session_ttl_ms = 120'000;
  x.recovered = true;
  auto told = json::parse(encode(x));
  CHECK(told["session"] == "e30.c2ln");
  CHECK(told["session_ttl_ms"] == 120'000);
  CHECK(told["recovered"] == true);
}

TEST_CASE("a receipt names the first sixteen and counts them all") {
  CHECK(encode_receipt("alice/m1", receipt_kind::delivered, 2, {"bob", "carol"})
        == R"({"op":"receipt","event_id":"alice/m1","kind":"delivered","count":2,"by":["bob","carol"]})");
  CHECK(encode_receipt("alice/m1", receipt_kind::acked, 0, {})
        == R"({"op":"receipt","event_id":"alice/m1","kind":"acked","count":0,"by":[]})");
  std::vector<std::string> many;
  for (int i = 0; i < 20; ++i) many.push_back("c" + std::to_string(i));
  auto told = json::parse(encode_receipt("alice/m1", receipt_kind::acked, 20, many));
  CHECK(told["count"] == 20);
  CHECK(told["by"] == json(std::vector<std::string>(many.begin(), many.begin() + 16)));
}

TEST_CASE("a presence tells who is there and since when") {
  CHECK(encode_presence("p", 0, false, {})
        == R"({"op":"presence","id":"p","count":0,"clients":[],"more":false})");
  auto told =
      encode_presence("p", 7, true, {{"alice", 1234, 2, R"({"name":"Alice"})"}, {"bob", 1235, 1, ""}});
  CHECK(json::parse(told) == json::parse(R"({"op":"presence","id":"p","count":7,"clients":[
    {"client_id":"alice","since":1234,"connections":2,"meta":{"name":"Alice"}},
    {"client_id":"bob","since":1235,"connections":1,"meta":{}}],"more":true})"));
}

TEST_CASE("a welcome tells the limits, and no session where there is none") {
  welcome x{"demo", "alice", "9f3c", 1240, "n1", 25000, 65536, 200, 400, "", 0, false};
  CHECK(json::parse(encode(x)) == json::parse(R"({"op":"welcome","namespace":"demo","client_id":"alice",
    "session_ttl_ms":0,"recovered":false,"epoch":"9f3c","seq":1240,"node":"n1","heartbeat_ms":25000,
    "limits":{"max_frame_bytes":65536,"publish_per_s":200,"burst":400}})"));
}

TEST_CASE("the answers name what they answer") {
  CHECK(encode_published("alice", "m1", 4, false)
        == R"({"op":"ok","message_id":"m1","event_id":"alice/m1","seq":4})");
  CHECK(json::parse(encode_published("alice", "m1", 4, true))["duplicate"] == true);
  CHECK_FALSE(json::parse(encode_published("alice", "m1", 0, false)).contains("seq"));
  CHECK(encode_subscribed("s\"1", 9) == R"({"op":"ok","id":"s\"1","seq":9})");
  CHECK(encode_unsubscribed("s1") == R"({"op":"ok","id":"s1"})");
  CHECK(encode_run_ok("alice/m1", 0, false) == R"({"op":"ok","run_id":"alice/m1"})");
  CHECK(encode_pong("") == R"({"op":"pong"})");
  CHECK(encode_pong("7") == R"({"op":"pong","id":"7"})");
}

TEST_CASE("an error tells how full what was full is, and when to come again") {
  refusal no{code::too_many, "rate", "slower", 50, "connection", 401, 400};
  CHECK(json::parse(encode(no, {"m1", "", ""})) == json::parse(R"({"op":"error","code":429,"reason":"rate",
    "message":"slower","retry_after_ms":50,"scope":"connection","depth":401,"limit":400,"message_id":"m1"})"));
  CHECK(encode(refusal::bad_field("id: is missing"))
        == R"({"op":"error","code":400,"reason":"bad_field","message":"id: is missing"})");
  CHECK(json::parse(encode(refusal{}, {"", "s1", ""}))["id"] == "s1");
  CHECK(json::parse(encode(refusal{}, {"", "", "a/1"}))["run_id"] == "a/1");
}

TEST_CASE("a result says who wrote what, and why it is not complete") {
  run_result x;
  x.run_id = "alice/m1";
  x.status = run_status::partial;
  x.output = R"({"text":"hal"})";
  x.usage = {3, 4};
  x.parts = {{"default", 0, 3}, {"small", 3, 5}};
  x.attempts = 2;
  x.first_piece_ms = 80;
  x.elapsed_ms = 10'000;
  x.error = {code::deadline, "deadline", "10 s are over", 0, {}, 0, 0};
  CHECK(json::parse(encode(x)) == json::parse(R"({"op":"result","run_id":"alice/m1","status":"partial",
    "output":{"text":"hal"},"usage":{"input_tokens":3,"output_tokens":4},
    "parts":[{"model":"default","from":0,"to":3},{"model":"small","from":3,"to":5}],
    "attempts":2,"queued_ms":0,"first_piece_ms":80,"elapsed_ms":10000,
    "error":{"code":504,"reason":"deadline","message":"10 s are over"}})"));
  x.finish = finish_reason::content_filter;
  x.refusal_text = "I cannot.";
  CHECK(json::parse(encode(x))["finish"] == "content_filter");
  CHECK(json::parse(encode(x))["refusal"] == "I cannot.");
  CHECK_FALSE(json::parse(encode(run_result{})).contains("finish"));
  CHECK_FALSE(json::parse(encode(run_result{})).contains("refusal"));
  CHECK_FALSE(json::parse(encode(run_result{})).contains("first_piece_ms"));
  CHECK_FALSE(json::parse(encode(run_result{})).contains("error"));
}

TEST_CASE("text that is not UTF-8 still makes a valid frame") {
  run_delta x{"a/1", 3, "a\xff\"\n\xc3\xa4"};
  CHECK(json::parse(encode(x))["text"] == "a\xef\xbf\xbd\"\n\xc3\xa4");
}

TEST_CASE("the frames about a slow connection and a leaving node") {
  CHECK(encode_lagging(5) == R"({"op":"lagging","seq":5})");
  CHECK(encode_caught_up(9) == R"({"op":"caught_up","seq":9})");
  CHECK(encode_gap(3, 5, "trimmed") == R"({"op":"gap","from":3,"to":5,"reason":"trimmed"})");
  CHECK(encode_drain(500, "restart") == R"({"op":"drain","delay_ms":500,"reason":"restart"})");
  CHECK(json::parse(encode_slow_down(1.5, 20))
        == json::parse(R"({"op":"slow_down","pressure":1.0,"retry_after_ms":20})"));
  auto list = json::parse(encode_history("h", {std::make_shared<const event>(some_event())}, true));
  CHECK(list["events"].size() == 1);
  CHECK(list["events"][0]["data"]["a"] == "ä");
  CHECK(list["more"] == true);
}

TEST_CASE("a WebSocket frame's header tells the payload's length in the shortest form") {
  auto header = [](std::size_t size) {
    auto frame = make_frame(std::string(size, 'x'));
    CHECK(frame->substr(frame->size() - size) == std::string(size, 'x'));
    return frame->substr(0, frame->size() - size);
  };
  CHECK(header(0) == std::string("\x81\x00", 2));
  CHECK(header(125) == "\x81\x7d");
  CHECK(header(126) == std::string("\x81\x7e\x00\x7e", 4));
  CHECK(header(65535) == "\x81\x7e\xff\xff");
  CHECK(header(65536) == std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
}
