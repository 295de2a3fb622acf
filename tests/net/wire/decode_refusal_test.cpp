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
    {std::string{"{\"op\":\"ping\"}\0garbage", 21}, code::bad_request, "malformed",
     "not JSON: wrong at byte 14"},
    {std::string{"{\"op\":\"ping\",\"x\":\"\0\"}", 21}, code::bad_request, "malformed",
     "not JSON: wrong at byte 19"},
    {R"({"op":"ping","id":"a","id":"b"})", code::bad_request, "bad_field", "id: is there twice"},
    {R"({"op":"ping","op":"ping"})", code::bad_request, "bad_field", "op: is there twice"},
    {R"({"op":"publish","type":"a","message_id":"1","data":1,"d\u0061ta":2})", code::bad_request, "bad_field",
     "data: is there twice"},
    {"\xef\xbb\xbf{\"op\":\"ping\"}", code::bad_request, "malformed", "not JSON: wrong at byte 1"},
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
    {R"({"op":"hello","namespace":"Demo","client_id":"a"})", code::bad_request, "bad_field",
     "namespace: must be"},
    {R"({"op":"hello","namespace":"-demo","client_id":"a"})", code::bad_request, "bad_field",
     "namespace: must be"},
    {R"({"op":"hello","namespace":"demo","client_id":"a b"})", code::bad_request, "bad_field",
     "client_id: must be"},
    {R"({"op":"hello","namespace":"demo","client_id":["a"]})", code::bad_request, "bad_field",
     "client_id: must be a s"},
    {R"({"op":"hello","namespace":"demo","client_id":"a","meta":"x"})", code::bad_request, "bad_field",
     "meta: must be"},
    {R"({"op":"hello","namespace":"demo","client_id":"a","session":7})", code::bad_request, "bad_field",
     "session: must be a string"},
    {R"({"op":"hello","namespace":"demo","client_id":"a","last_seq":-1})", code::bad_request, "bad_field",
     "last_seq: must be a whole number from 0"},
    {R"({"op":"hello","namespace":"demo","client_id":"a","last_seq":"1"})", code::bad_request, "bad_field",
     "last_seq: must be a whole number"},
    {R"({"op":"hello","namespace":"demo","client_id":"a","last_seq":9223372036854775808})", code::bad_request,
     "bad_field", "last_seq: must be a whole number"},
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
    {R"({"op":"publish","type":"a","message_id":"1","data":1,"prev_event_id":"a"})", code::bad_request,
     "bad_field", "prev_event_id: must be a client_id and a message_id"},
    {R"({"op":"publish","type":"a","message_id":"1","data":1,"prev_event_id":""})", code::bad_request,
     "bad_field", "prev_event_id: must be a client_id and a message_id"},
    {R"({"op":"publish","type":"a","message_id":"1","data":1,"prev_event_id":null})", code::bad_request,
     "bad_field", "prev_event_id: must be a string"},
    {R"({"op":"publish","type":"a","message_id":"1","data":1,"receipt":"none"})", code::bad_request,
     "bad_field", "receipt: must be `delivered` or `acked`"},
    {R"({"op":"publish","type":"a","message_id":"1","data":1,"receipt":true})", code::bad_request,
     "bad_field", "receipt: must be a string"},
    {R"({"op":"publish","type":"sys","message_id":"1","data":1})", code::forbidden, "forbidden", "type: "},
    {R"({"op":"publish","type":"sys.a","message_id":"1","data":1})", code::forbidden, "forbidden", "type: "},
    // subscribe
    {R"({"op":"subscribe","pattern":"a"})", code::bad_request, "bad_field", "id: is missing"},
    {R"({"op":"subscribe","id":"1"})", code::bad_request, "bad_field", "pattern: is missing"},
    {R"({"op":"subscribe","id":"1","pattern":"a.>.b"})", code::bad_request, "bad_field", "pattern: has"},
    {R"({"op":"subscribe","id":"1","pattern":"a","from":"old"})", code::bad_request, "bad_field",
     "from: must be `new` or a seq"},
    {R"({"op":"subscribe","id":"1","pattern":"a","from":[]})", code::bad_request, "bad_field",
     "from: must be `new` or a seq"},
    {R"({"op":"subscribe","id":"1","pattern":"a","from":0})", code::bad_request, "bad_field",
     "from: must be a whole number from 1"},
    {R"({"op":"subscribe","id":"1","pattern":"a","from":-1})", code::bad_request, "bad_field",
     "from: must be a whole number from 1"},
    {R"({"op":"subscribe","id":"1","pattern":"a","from":1.5})", code::bad_request, "bad_field",
     "from: must be a whole number from 1"},
    {R"({"op":"subscribe","id":"1","pattern":"a","queue":""})", code::bad_request, "bad_field",
     "queue: must be 1 to 64"},
    {R"({"op":"subscribe","id":"1","pattern":"a","queue":"a.b"})", code::bad_request, "bad_field",
     "queue: must be 1 to 64"},
    {R"({"op":"subscribe","id":"1","pattern":"a","ack":"yes"})", code::bad_request, "bad_field",
     "ack: must be"},
    {R"({"op":"subscribe","id":"1","pattern":"a","ack_timeout_ms":99})", code::bad_request, "bad_field",
     "ack_timeout_ms: must be"},
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
    {R"({"op":"call","target":"e","message_id":"1","input":1,"thread":"a b"})", code::bad_request,
     "bad_field", "thread: must be 1 to 64"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"thread":""})", code::bad_request, "bad_field",
     "thread: must be 1 to 64"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"on_busy":"queue"})", code::bad_request,
     "bad_field", "on_busy: needs a thread"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"on_busy":"wait"})", code::bad_request,
     "bad_field", "on_busy: must be"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"on_disconnect":"stay"})", code::bad_request,
     "bad_field", "on_disconnect: must be `continue` or `cancel`"},
    {R"({"op":"call","target":"e","message_id":"1","input":1,"prev_event_id":"1"})", code::bad_request,
     "bad_field", "prev_event_id: must be a client_id and a message_id"},
    {R"({"op":"cancel","run_id":"a"})", code::bad_request, "bad_field", "run_id: must be"},
    {R"({"op":"cancel","run_id":"a/b/c"})", code::bad_request, "bad_field", "run_id: must be"},
    // ack and nack
    {R"({"op":"ack"})", code::bad_request, "bad_field", "seq: is missing, and so is event_id"},
    {R"({"op":"ack","seq":1,"event_id":"a/1"})", code::bad_request, "bad_field",
     "event_id: must not come with seq"},
    {R"({"op":"ack","seq":0})", code::bad_request, "bad_field", "seq: must be a whole number from 1"},
    {R"({"op":"ack","seq":"1"})", code::bad_request, "bad_field", "seq: must be a whole number from 1"},
    {R"({"op":"ack","event_id":"a"})", code::bad_request, "bad_field", "event_id: must be a client_id"},
    {R"({"op":"nack"})", code::bad_request, "bad_field", "event_id: is missing"},
    {R"({"op":"nack","event_id":"/1"})", code::bad_request, "bad_field", "event_id: must be a client_id"},
    {R"({"op":"nack","event_id":"a/1","delay_ms":-1})", code::bad_request, "bad_field",
     "delay_ms: must be a whole number from 0 to 3600000"},
    {R"({"op":"nack","event_id":"a/1","delay_ms":3600001})", code::bad_request, "bad_field",
     "delay_ms: must be a whole number from 0 to 3600000"},
    // history and presence
    {R"({"op":"history"})", code::bad_request, "bad_field", "id: is missing"},
    {R"({"op":"history","id":"1","pattern":""})", code::bad_request, "bad_field", "pattern: "},
    {R"({"op":"history","id":"1","after_seq":-1})", code::bad_request, "bad_field",
     "after_seq: must be a whole number from 0"},
    {R"({"op":"history","id":"1","limit":0})", code::bad_request, "bad_field",
     "limit: must be a whole number from 1 to 1000"},
    {R"({"op":"history","id":"1","limit":1001})", code::bad_request, "bad_field",
     "limit: must be a whole number from 1 to 1000"},
    {R"({"op":"presence"})", code::bad_request, "bad_field", "id: is missing"},
    {R"({"op":"presence","id":"1","limit":0})", code::bad_request, "bad_field",
     "limit: must be a whole number from 1 to 1000"},
    {R"({"op":"presence","id":"1","limit":"all"})", code::bad_request, "bad_field",
     "limit: must be a whole number from 1 to 1000"},
    // streams of runs
    {R"({"op":"watch"})", code::bad_request, "bad_field", "run_id: is missing"},
    {R"({"op":"watch","run_id":"a"})", code::bad_request, "bad_field", "run_id: must be a client_id"},
    {R"({"op":"watch","run_id":"a/1","at":-1})", code::bad_request, "bad_field",
     "at: must be a whole number from 0"},
    {R"({"op":"unwatch","run_id":1})", code::bad_request, "bad_field", "run_id: must be a string"},
    {R"({"op":"delta","text":"x"})", code::bad_request, "bad_field", "run_id: is missing"},
    {R"({"op":"delta","run_id":"a/1"})", code::bad_request, "bad_field", "text: is missing"},
    {R"({"op":"delta","run_id":"a/1","text":1})", code::bad_request, "bad_field", "text: must be a string"},
    {R"({"op":"delta","run_id":"a/1","text":"x","at":"0"})", code::bad_request, "bad_field",
     "at: must be a whole number from 0"},
    {R"({"op":"result","output":1})", code::bad_request, "bad_field", "run_id: is missing"},
    {R"({"op":"result","run_id":"a/1"})", code::bad_request, "bad_field",
     "output: there must be either it or error"},
    {R"({"op":"result","run_id":"a/1","output":1,"error":{"message":"x"}})", code::bad_request, "bad_field",
     "output: there must be either it or error"},
    {R"({"op":"result","run_id":"a/1","error":"x"})", code::bad_request, "bad_field",
     "error: must be an object with a message"},
    {R"({"op":"result","run_id":"a/1","error":{"message":1}})", code::bad_request, "bad_field",
     "error: must be an object with a message"},
    {R"({"op":"result","run_id":"a/1","output":1,"usage":3})", code::bad_request, "bad_field",
     "usage: must be an object"},
    {R"({"op":"result","run_id":"a/1","output":1,"usage":{"input_tokens":-1}})", code::bad_request,
     "bad_field", "usage.input_tokens: must be a whole number from 0"},
    {R"({"op":"result","run_id":"a/1","output":1,"usage":{"output_tokens":18446744073709551615}})",
     code::bad_request, "bad_field", "usage.output_tokens: must be a whole number from 0"},
};

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

TEST_CASE("a piece of text and a reason are bounded") {
  auto delta_of = [](std::size_t bytes) {
    return decode(R"({"op":"delta","run_id":"a/1","text":")" + std::string(bytes, 'x') + "\"}");
  };
  CHECK(std::holds_alternative<client_frame>(delta_of(max_delta_bytes)));
  auto longer = delta_of(max_delta_bytes + 1);
  REQUIRE(std::holds_alternative<rejected>(longer));
  CHECK(std::get<rejected>(longer).no.message == "text: must be at most 65536 bytes long");
  CHECK(std::get<rejected>(longer).what.run_id == "a/1");
  auto reason =
      decode(R"({"op":"result","run_id":"a/1","error":{"message":")" + std::string(2000, 'x') + "\"}}");
  REQUIRE(std::holds_alternative<rejected>(reason));
  CHECK(std::get<rejected>(reason).no.message == "error.message: must be at most 1024 bytes long");
}
