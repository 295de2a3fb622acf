#include "actors/namespace/sequencer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace weir;

namespace {

publish_request make(std::string message_id, std::string data = "1") {
  publish_request out;
  out.type = "a.b";
  out.client_id = "alice";
  out.message_id = std::move(message_id);
  out.data = std::move(data);
  return out;
}

} // namespace

TEST_CASE("events get consecutive seqs in the order in which they come") {
  sequencer x({}, "e1", nullptr);
  CHECK(x.publish(make("m1"), 5).seq == 1);
  CHECK(x.publish(make("m2"), 6).seq == 2);
  auto fresh = x.take_fresh();
  REQUIRE(fresh.size() == 2);
  CHECK(fresh[0].what->event_id() == "alice/m1");
  CHECK(fresh[1].what->ts_ms == 6);
  CHECK(x.take_fresh().empty());
}

TEST_CASE("a repeat is answered with the first seq and delivered to nobody") {
  sequencer x({}, "e1", nullptr);
  x.publish(make("m1"), 0);
  x.take_fresh();
  auto again = x.publish(make("m1"), 1);
  CHECK(again.seq == 1);
  CHECK(again.duplicate);
  CHECK(!again.no.refused());
  CHECK(x.take_fresh().empty());
}

TEST_CASE("the same id with other content is a conflict and changes nothing") {
  sequencer x({}, "e1", nullptr);
  x.publish(make("m1"), 0);
  auto other = x.publish(make("m1", "2"), 1);
  CHECK(other.no.status == code::conflict);
  CHECK(other.no.reason == "conflict");
  CHECK(x.log().head() == 1);
  auto addressed = make("m1");
  addressed.to = "bob";
  CHECK(x.publish(addressed, 1).no.status == code::conflict);
}

TEST_CASE("an ephemeral event is delivered without a seq and is not kept") {
  sequencer x({}, "e1", nullptr);
  auto what = make("m1");
  what.ephemeral = true;
  CHECK(x.publish(what, 0).seq == 0);
  auto fresh = x.take_fresh();
  REQUIRE(fresh.size() == 1);
  CHECK(fresh[0].what->ephemeral());
  CHECK(x.log().head() == 0);
}

TEST_CASE("a call is an event whose data holds the target and the input") {
  sequencer x({}, "e1", nullptr);
  call_request what{"assistant", "alice", "m1", R"({"text":"hi"})", 500, {}};
  CHECK(x.call(what, 0).seq == 1);
  auto fresh = x.take_fresh();
  REQUIRE(fresh.size() == 1);
  CHECK(fresh[0].what->type == "sys.call.assistant");
  auto data = nlohmann::json::parse(fresh[0].what->data);
  CHECK(data == nlohmann::json{{"target", "assistant"}, {"timeout_ms", 500}, {"input", {{"text", "hi"}}}});
  CHECK(x.call(what, 1).duplicate);
}

TEST_CASE("an event is encoded once, when it is accepted") {
  static int encoded;
  encoded = 0;
  sequencer x({}, "e1", [](const event& e) {
    ++encoded;
    return std::make_shared<const std::string>(e.type);
  });
  x.publish(make("m1"), 0);
  x.publish(make("m1"), 0);
  CHECK(encoded == 1);
  CHECK(*x.take_fresh().at(0).frame == "a.b");
}
