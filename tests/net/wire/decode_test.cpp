#include "net/wire/decode.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace weir;
using namespace weir::wire;

namespace {

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

TEST_CASE("a hello gives the namespace, the client and what it says of itself") {
  auto x =
      good<hello>(R"({"op":"hello","namespace":"demo-1","client_id":"Al.i:ce_-","meta":{"name":"Älice"}})");
  CHECK(x.ns == "demo-1");
  CHECK(x.client_id == "Al.i:ce_-");
  CHECK(x.meta == R"({"name":"Älice"})");
  CHECK(good<hello>(R"({"op":"hello","namespace":"d","client_id":"system"})").meta == "{}");
}

TEST_CASE("what a client says of itself ends at 4096 bytes") {
  auto with = [](std::size_t size) {
    return R"({"op":"hello","namespace":"d","client_id":"a","meta":{"n":")" + std::string(size - 8, 'm')
           + "\"}}";
  };
  CHECK(good<hello>(with(4096)).meta.size() == 4096);
  auto no = bad(with(4097)).no;
  CHECK(no.status == code::too_large);
  CHECK(no.reason == "too_large");
}

TEST_CASE("a presence may go on behind a client") {
  auto x = good<presence>(R"({"op":"presence","id":"p","limit":7,"after":"bob"})");
  CHECK(x.limit == 7);
  CHECK(x.after == "bob");
  CHECK(bad(R"({"op":"presence","id":"p","after":"not a name"})").no.status == code::bad_request);
}

TEST_CASE("a hello may ask for a session to be resumed") {
  auto plain = good<hello>(R"({"op":"hello","namespace":"d","client_id":"a"})");
  CHECK(plain.session.empty());
  CHECK_FALSE(plain.last_seq);
  CHECK(plain.epoch.empty());
  CHECK(good<hello>(R"({"op":"hello","namespace":"d","client_id":"a","last_seq":7,"epoch":"9f3c"})").epoch
        == "9f3c");
  auto x = good<hello>(
      R"({"op":"hello","namespace":"d","client_id":"a","session":"e.s","last_seq":0,"token":"t"})");
  CHECK(x.session == "e.s");
  CHECK(x.last_seq == 0);
  CHECK(good<hello>(R"({"op":"hello","namespace":"d","client_id":"a","session":""})").session.empty());
  CHECK(
      good<hello>(R"({"op":"hello","namespace":"d","client_id":"a","last_seq":9223372036854775807})").last_seq
      == 9'223'372'036'854'775'807u);
}

TEST_CASE("a session's token ends at 4096 bytes") {
  auto with = [](std::size_t size) {
    return R"({"op":"hello","namespace":"d","client_id":"a","session":")" + std::string(size, 's') + "\"}";
  };
  CHECK(good<hello>(with(4096)).session.size() == 4096);
  CHECK(bad(with(4097)).no.message == "session: must be at most 4096 bytes long");
}

TEST_CASE("a publish keeps its data as it was written") {
  auto x = good<publish>(
      R"({"op":"publish", "type":"chat.1", "message_id":"m1", "data": { "a" : [ 1, null, "\u00e4" ] }, "x": 1})");
  CHECK(x.type == "chat.1");
  CHECK(x.message_id == "m1");
  CHECK(x.data == R"({ "a" : [ 1, null, "\u00e4" ] })");
  CHECK(x.to.empty());
  CHECK_FALSE(x.ephemeral);
  auto y = good<publish>(
      R"({"op":"publish","type":"t","message_id":"m","data":null,"to":"bob","ephemeral":true})");
  CHECK(y.data == "null");
  CHECK(y.to == "bob");
  CHECK(y.ephemeral);
}

TEST_CASE("a publish may name its predecessor and ask for a receipt") {
  auto with = [](const std::string& more) {
    return good<publish>(R"({"op":"publish","type":"t","message_id":"m","data":1)" + more + "}");
  };
  CHECK(with("").prev_event_id.empty());
  CHECK(with("").receipt == receipt_kind::none);
  CHECK(with(R"(,"prev_event_id":"bob/0")").prev_event_id == "bob/0");
  CHECK(with(R"(,"receipt":"delivered")").receipt == receipt_kind::delivered);
  CHECK(with(R"(,"receipt":"acked")").receipt == receipt_kind::acked);
  CHECK(good<call>(R"({"op":"call","target":"e","message_id":"1","input":1,"prev_event_id":"a/0"})")
            .prev_event_id
        == "a/0");
}

TEST_CASE("a subscription may begin in the past, belong to a group and be acknowledged") {
  auto with = [](const std::string& more) {
    return good<subscribe>(R"({"op":"subscribe","id":"s","pattern":"a")" + more + "}");
  };
  CHECK_FALSE(with("").from);
  CHECK(with("").queue.empty());
  CHECK_FALSE(with("").ack);
  CHECK_FALSE(with(R"(,"from":"new")").from);
  CHECK(with(R"(,"from":17)").from == 17);
  CHECK(with(R"(,"queue":"Work_1-a","ack":true)").queue == "Work_1-a");
  CHECK(with(R"(,"ack":true)").ack);
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

TEST_CASE("an ack is of all up to a seq, or of one event") {
  auto all = good<ack>(R"({"op":"ack","seq":9})");
  CHECK(all.seq == 9);
  CHECK(all.event_id.empty());
  auto one = good<ack>(R"({"op":"ack","event_id":"a/1"})");
  CHECK(one.seq == 0);
  CHECK(one.event_id == "a/1");
  CHECK(good<nack>(R"({"op":"nack","event_id":"a/1"})").delay_ms == 0);
  CHECK(good<nack>(R"({"op":"nack","event_id":"a/1","delay_ms":3600000})").delay_ms == 3'600'000);
}

TEST_CASE("a history and a presence are read with their defaults") {
  auto plain = good<history>(R"({"op":"history","id":"h"})");
  CHECK(plain.id == "h");
  CHECK(plain.pattern == ">");
  CHECK(plain.after_seq == 0);
  CHECK(plain.limit == 100);
  auto full = good<history>(R"({"op":"history","id":"h","pattern":"a.*","after_seq":3,"limit":1000})");
  CHECK(full.pattern == "a.*");
  CHECK(full.after_seq == 3);
  CHECK(full.limit == 1000);
  CHECK(good<presence>(R"({"op":"presence","id":"p"})").limit == 100);
  CHECK(good<presence>(R"({"op":"presence","id":"p","limit":1})").limit == 1);
}

TEST_CASE("an error names what it answers, where that is in order itself") {
  CHECK(bad(R"({"op":"publish","message_id":"m1"})").what.message_id == "m1");
  CHECK(bad(R"({"op":"subscribe","id":"s1"})").what.id == "s1");
  CHECK(bad(R"({"op":"watch","run_id":"a/1","at":-1})").what.run_id == "a/1");
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

TEST_CASE("a call may name a thread, and what is to happen when it is busy") {
  auto with = [](const std::string& more) {
    return good<call>(R"({"op":"call","target":"e","message_id":"1","input":1)" + more + "}");
  };
  CHECK(with("").thread.empty());
  CHECK(with("").on_busy == busy_policy::concurrent);
  CHECK_FALSE(with("").cancel_on_disconnect);
  CHECK(with(R"(,"thread":"a.b:C-1_")").thread == "a.b:C-1_");
  CHECK(with(R"(,"thread":"t","on_busy":"concurrent")").on_busy == busy_policy::concurrent);
  CHECK(with(R"(,"thread":"t","on_busy":"queue")").on_busy == busy_policy::queue);
  CHECK(with(R"(,"thread":"t","on_busy":"replace")").on_busy == busy_policy::replace);
  CHECK(with(R"(,"thread":"t","on_busy":"reject")").on_busy == busy_policy::reject);
  CHECK(with(R"(,"on_disconnect":"cancel")").cancel_on_disconnect);
}

TEST_CASE("a run is watched, and an external agent's answer is read") {
  CHECK(good<watch>(R"({"op":"watch","run_id":"a/1"})").at == 0);
  CHECK(good<watch>(R"({"op":"watch","run_id":"a/1","at":17})").at == 17);
  CHECK(good<unwatch>(R"({"op":"unwatch","run_id":"a/1"})").run_id == "a/1");
  auto piece = good<delta>(R"({"op":"delta","run_id":"a/1","text":"\u00e4"})");
  CHECK(piece.text == "ä");
  CHECK_FALSE(piece.at);
  CHECK(good<delta>(R"({"op":"delta","run_id":"a/1","text":"","at":0})").at == 0);
  auto end =
      good<result>(R"({"op":"result","run_id":"a/1","output": {"n" : 1},"usage":{"output_tokens":7}})");
  CHECK(end.output == R"({"n" : 1})"); // as it came
  CHECK_FALSE(end.error);
  CHECK(end.usage.input_tokens == 0);
  CHECK(end.usage.output_tokens == 7);
  CHECK(good<result>(R"({"op":"result","run_id":"a/1","output":null})").output == "null");
  CHECK(good<result>(R"({"op":"result","run_id":"a/1","error":{"message":"no"}})").error == "no");
}
