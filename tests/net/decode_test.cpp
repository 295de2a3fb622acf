#include "net/wire/decode.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace weir;
using namespace weir::wire;

namespace {

struct bad_row {
  std::string text;
  code status;
  std::string reason;
  std::string message; // what the error's message begins with
};

const std::vector<bad_row> bad_frames{
    {"", code::bad_request, "malformed", "not JSON"},
    {"{", code::bad_request, "malformed", "not JSON"},
    {R"({"op":"ping"} x)", code::bad_request, "malformed", "not JSON"},
    {R"({"op":"ping","id":"\ud800"})", code::bad_request, "malformed", "not JSON"},
    {R"({"op":"publish","type":"a","message_id":"1","data":1e999})", code::bad_request, "malformed",
     "not JSON"},
    {"[]", code::bad_request, "malformed", "a frame is one JSON object"},
    {"null", code::bad_request, "malformed", "a frame is one JSON object"},
    {"\"op\"", code::bad_request, "malformed", "a frame is one JSON object"},
    {"{}", code::bad_request, "bad_field", "op: is missing"},
    {R"({"op":7})", code::bad_request, "bad_field", "op: must be a string"},
    {R"({"op":"dance"})", code::bad_request, "unknown_op", "op: unknown"},
    {R"({"op":"Ping"})", code::bad_request, "unknown_op", "op: unknown"},
    {R"({"op":"ping","id":7})", code::bad_request, "bad_field", "id: must be a string"},
    {R"({"op":"ping","id":""})", code::bad_request, "bad_field", "id: must be 1 to 64"},
    // hello
    {R"({"op":"hello","client_id":"a"})", code::bad_request, "bad_field", "namespace: is missing"},
    {R"({"op":"hello","namespace":"Demo","client_id":"a"})", code::bad_request, "bad_field",
     "namespace: must be"},
    {R"({"op":"hello","namespace":"-demo","client_id":"a"})", code::bad_request, "bad_field",
     "namespace: must be"},
    {R"({"op":"hello","namespace":"demo"})", code::bad_request, "bad_field", "client_id: is missing"},
    {R"({"op":"hello","namespace":"demo","client_id":"a b"})", code::bad_request, "bad_field",
     "client_id: must be"},
    {R"({"op":"hello","namespace":"demo","client_id":["a"]})", code::bad_request, "bad_field",
     "client_id: must be a s"},
    {R"({"op":"hello","namespace":"demo","client_id":"a","meta":"x"})", code::bad_request, "bad_field",
     "meta: must be"},
    {R"({"op":"hello","namespace":"demo","client_id":"a","token":"x"})", code::bad_request, "bad_field",
     "token: not in this version yet"},
    {R"({"op":"hello","namespace":"demo","client_id":"a","session":"x"})", code::bad_request, "bad_field",
     "session: not in this version yet"},
    {R"({"op":"hello","namespace":"demo","client_id":"a","last_seq":1})", code::bad_request, "bad_field",
     "last_seq: not in this version yet"},
    {R"({"op":"hello","namespace":"demo","client_id":"sys"})", code::forbidden, "forbidden", "client_id: "},
    {R"({"op":"hello","namespace":"demo","client_id":"sys.x"})", code::forbidden, "forbidden", "client_id: "},
    {R"({"op":"hello","namespace":"demo","client_id":"sys:x"})", code::forbidden, "forbidden", "client_id: "},
    {R"({"op":"hello","namespace":"demo","client_id":"agent:x"})", code::forbidden, "forbidden",
     "client_id: "},
    // publish
    {R"({"op":"publish","type":"a","data":1})", code::bad_request, "bad_field", "message_id: is missing"},
    {R"({"op":"publish","type":"a","message_id":7,"data":1})", code::bad_request, "bad_field",
     "message_id: must be a"},
    {R"({"op":"publish","type":"a","message_id":"a/b","data":1})", code::bad_request, "bad_field",
     "message_id: "},
    {R"({"op":"publish","message_id":"1","data":1})", code::bad_request, "bad_field", "type: is missing"},
    {R"({"op":"publish","type":"a..b","message_id":"1","data":1})", code::bad_request, "bad_field",
     "type: has an"},
    {R"({"op":"publish","type":"a.*","message_id":"1","data":1})", code::bad_request, "bad_field",
     "type: has the"},
    {R"({"op":"publish","type":"a","message_id":"1"})", code::bad_request, "bad_field", "data: is missing"},
    {R"({"op":"publish","type":"a","message_id":"1","data":1,"to":""})", code::bad_request, "bad_field",
     "to: must"},
    {R"({"op":"publish","type":"a","message_id":"1","data":1,"ephemeral":1})", code::bad_request, "bad_field",
     "ephemeral: must be true or false"},
    {R"({"op":"publish","type":"a","message_id":"1","data":1,"prev_event_id":"a/0"})", code::bad_request,
     "bad_field", "prev_event_id: not in this version yet"},
    {R"({"op":"publish","type":"a","message_id":"1","data":1,"receipt":"acked"})", code::bad_request,
     "bad_field", "receipt: not in this version yet"},
    {R"({"op":"publish","type":"sys","message_id":"1","data":1})", code::forbidden, "forbidden", "type: "},
    {R"({"op":"publish","type":"sys.a","message_id":"1","data":1})", code::forbidden, "forbidden", "type: "},
    // subscribe
    {R"({"op":"subscribe","pattern":"a"})", code::bad_request, "bad_field", "id: is missing"},
    {R"({"op":"subscribe","id":"1"})", code::bad_request, "bad_field", "pattern: is missing"},
    {R"({"op":"subscribe","id":"1","pattern":"a.>.b"})", code::bad_request, "bad_field", "pattern: has"},
    {R"({"op":"subscribe","id":"1","pattern":"a","from":17})", code::bad_request, "bad_field",
     "from: not in this version yet"},
    {R"({"op":"subscribe","id":"1","pattern":"a","from":"old"})", code::bad_request, "bad_field",
     "from: must be"},
    {R"({"op":"subscribe","id":"1","pattern":"a","from":-1})", code::bad_request, "bad_field",
     "from: must be"},
    {R"({"op":"subscribe","id":"1","pattern":"a","queue":"q"})", code::bad_request, "bad_field",
     "queue: not in this version yet"},
    {R"({"op":"subscribe","id":"1","pattern":"a","ack":true})", code::bad_request, "bad_field",
     "ack: not in this version yet"},
    {R"({"op":"subscribe","id":"1","pattern":"a","ack":"yes"})", code::bad_request, "bad_field",
     "ack: must be"},
    {R"({"op":"unsubscribe"})", code::bad_request, "bad_field", "id: is missing"},
    // call and cancel
    {R"({"op":"call","target":"echo","input":1})", code::bad_request, "bad_field", "message_id: is missing"},
    {R"({"op":"call","message_id":"1","input":1})", code::bad_request, "bad_field", "target: is missing"},
    {R"({"op":"call","target":"a.b","message_id":"1","input":1})", code::bad_request, "bad_field",
     "target: must be"},
    {R"({"op":"call","target":"echo","message_id":"1"})", code::bad_request, "bad_field",
     "input: is missing"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"timeout_ms":0})", code::bad_request,
     "bad_field", "timeout_ms: must be a whole number"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"timeout_ms":1.5})", code::bad_request,
     "bad_field", "timeout_ms: must be a whole number"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"timeout_ms":18446744073709551615})",
     code::bad_request, "bad_field", "timeout_ms: must be a whole number"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"stream":"yes"})", code::bad_request,
     "bad_field", "stream: must be"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"thread":"t"})", code::bad_request, "bad_field",
     "thread: not in this version yet"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"on_busy":"queue"})", code::bad_request,
     "bad_field", "on_busy: not in this version yet"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"on_busy":"wait"})", code::bad_request,
     "bad_field", "on_busy: must be"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"on_disconnect":"cancel"})", code::bad_request,
     "bad_field", "on_disconnect: not in this version yet"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"prev_event_id":"a/1"})", code::bad_request,
     "bad_field", "prev_event_id: not in this version yet"},
    {R"({"op":"cancel","run_id":"a"})", code::bad_request, "bad_field", "run_id: must be"},
    {R"({"op":"cancel","run_id":"a/b/c"})", code::bad_request, "bad_field", "run_id: must be"},
    // ops of later versions
    {R"({"op":"ack","seq":1})", code::bad_request, "bad_field", "ack: not in this version yet"},
    {R"({"op":"nack","event_id":"a/1"})", code::bad_request, "bad_field", "nack: not in this version yet"},
    {R"({"op":"watch","run_id":"a/1"})", code::bad_request, "bad_field", "watch: not in this version yet"},
    {R"({"op":"unwatch","run_id":"a/1"})", code::bad_request, "bad_field",
     "unwatch: not in this version yet"},
    {R"({"op":"history","id":"1"})", code::bad_request, "bad_field", "history: not in this version yet"},
    {R"({"op":"presence","id":"1"})", code::bad_request, "bad_field", "presence: not in this version yet"},
};

template <class T>
T good(std::string_view text) {
  INFO(text);
  auto out = decode(text);
  REQUIRE(std::holds_alternative<client_frame>(out));
  auto& frame = std::get<client_frame>(out);
  REQUIRE(std::holds_alternative<T>(frame));
  return std::get<T>(frame);
}

rejected bad(std::string_view text) {
  INFO(text.substr(0, 200));
  auto out = decode(text);
  REQUIRE(std::holds_alternative<rejected>(out));
  return std::get<rejected>(out);
}

} // namespace

TEST_CASE("a frame that breaks the protocol is refused with the name of what is wrong") {
  for (auto& row : bad_frames) {
    INFO(row.text);
    auto out = decode(row.text);
    REQUIRE(std::holds_alternative<rejected>(out));
    auto& no = std::get<rejected>(out).no;
    CHECK(no.status == row.status);
    CHECK(no.reason == row.reason);
    INFO(no.message);
    CHECK(no.message.rfind(row.message, 0) == 0);
  }
}

TEST_CASE("a hello gives the namespace, the client and what it says of itself") {
  auto x =
      good<hello>(R"({"op":"hello","namespace":"demo-1","client_id":"Al.i:ce_-","meta":{"name":"Älice"}})");
  CHECK(x.ns == "demo-1");
  CHECK(x.client_id == "Al.i:ce_-");
  CHECK(x.meta == R"({"name":"Älice"})");
  CHECK(good<hello>(R"({"op":"hello","namespace":"d","client_id":"system"})").meta == "{}");
}

TEST_CASE("a publish keeps its data as compact JSON text") {
  auto x = good<publish>(
      R"({"op":"publish", "type":"chat.1", "message_id":"m1", "data": { "a" : [ 1, null, "\u00e4" ] }, "x": 1})");
  CHECK(x.type == "chat.1");
  CHECK(x.message_id == "m1");
  CHECK(x.data == R"({"a":[1,null,"ä"]})");
  CHECK(x.to.empty());
  CHECK_FALSE(x.ephemeral);
  auto y = good<publish>(
      R"({"op":"publish","type":"t","message_id":"m","data":null,"to":"bob","ephemeral":true})");
  CHECK(y.data == "null");
  CHECK(y.to == "bob");
  CHECK(y.ephemeral);
}

TEST_CASE("the other frames are read with their defaults") {
  auto s = good<subscribe>(R"({"op":"subscribe","id":"a b","pattern":"chat.*.>","from":"new","ack":false})");
  CHECK(s.id == "a b");
  CHECK(s.pattern == "chat.*.>");
  CHECK(good<subscribe>(R"({"op":"subscribe","id":"1","pattern":"sys.>"})").pattern == "sys.>");
  CHECK(good<unsubscribe>(R"({"op":"unsubscribe","id":"s"})").id == "s");
  auto c = good<call>(R"({"op":"call","target":"echo","message_id":"1","input":"hi","timeout_ms":86400000,
                          "stream":true,"on_busy":"concurrent","on_disconnect":"continue"})");
  CHECK(c.target == "echo");
  CHECK(c.input == "\"hi\"");
  CHECK(c.timeout_ms == 86'400'000);
  CHECK(c.stream);
  CHECK(good<call>(R"({"op":"call","target":"e","message_id":"1","input":{}})").timeout_ms == 0);
  CHECK(good<cancel>(R"({"op":"cancel","run_id":"alice/m1"})").run_id == "alice/m1");
  CHECK(good<ping>(R"({"op":"ping"})").id.empty());
  CHECK(good<ping>(R"({"op":"ping","id":"7"})").id == "7");
}

TEST_CASE("an error names what it answers, where that is in order itself") {
  CHECK(bad(R"({"op":"publish","message_id":"m1"})").what.message_id == "m1");
  CHECK(bad(R"({"op":"subscribe","id":"s1"})").what.id == "s1");
  CHECK(bad(R"({"op":"watch","run_id":"a/1"})").what.run_id == "a/1");
  CHECK(bad(R"({"op":"dance","message_id":"not in order"})").what.message_id.empty());
}

TEST_CASE("deep nesting is refused before it is parsed") {
  auto nested = [](std::size_t depth) {
    return R"({"op":"publish","type":"a","message_id":"1","data":)" + std::string(depth, '[')
           + std::string(depth, ']') + "}";
  };
  CHECK(good<publish>(nested(max_depth - 1)).data.size() == 2 * (max_depth - 1));
  CHECK(bad(nested(max_depth)).no.message == "nested deeper than 64");
  CHECK(bad(std::string(1'000'000, '[')).no.reason == "malformed");
  CHECK(
      good<ping>(R"({"op":"ping","id":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[[[[[[[[[[[[[[[[[[[[[[[[["})").id.size()
      > 50);
}

TEST_CASE("names end at 64 bytes and a namespace at 63") {
  auto hello_with = [](std::size_t ns, std::size_t client) {
    return R"({"op":"hello","namespace":")" + std::string(ns, 'n') + R"(","client_id":")"
           + std::string(client, 'c') + R"("})";
  };
  good<hello>(hello_with(63, 64));
  CHECK(bad(hello_with(64, 64)).no.message.rfind("namespace", 0) == 0);
  CHECK(bad(hello_with(63, 65)).no.message.rfind("client_id", 0) == 0);
}
