// What is kept of runs and threads: plain parts.

#include "actors/namespace/sequencer.hpp"
#include "actors/runs/call_order.hpp"
#include "actors/runs/recent_results.hpp"
#include "actors/runs/thread_memory.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

run_result example() {
  run_result x;
  x.run_id = "alice/c1";
  x.status = run_status::degraded;
  x.output = R"({"text":"Grüße"})";
  x.usage = {3, 4};
  x.parts = {{"a", 0, 2}, {"b", 2, 5}};
  x.attempts = 2;
  x.queued_ms = 5;
  x.first_piece_ms = 80;
  x.elapsed_ms = 90;
  x.error = {code::too_many, "model_queue_full", "full", 100, "model", 7, 8};
  x.finish = finish_reason::length;
  x.refusal_text = "Nein.";
  set_streamed(x, "Grüße");
  return x;
}

std::vector<std::string> texts(const conversation& x) {
  std::vector<std::string> out;
  for (auto& message : x) out.push_back(message.content);
  return out;
}

} // namespace

TEST_CASE("a result is the same after it was kept") {
  auto x = example();
  auto y = decode_result("alice/c1", encode_result(x));
  REQUIRE(y);
  CHECK(y->run_id == x.run_id);
  CHECK(encode_result(*y) == encode_result(x));
  CHECK(y->error.limit == 8);
  CHECK(y->parts[1].to == 5);
  CHECK(streamed_text(*y) == "Grüße");
  CHECK(y->finish == finish_reason::length);
  CHECK(y->refusal_text == "Nein.");
  CHECK_FALSE(decode_result("alice/c1", "{}"));
  CHECK_FALSE(decode_result("alice/c1", "not JSON"));
}

TEST_CASE("a result that an earlier version kept is read as one that does not say how it ended") {
  auto x = example();
  x.finish = finish_reason::none;
  x.refusal_text = {};
  auto text = encode_result(x);
  CHECK(text.find("finish") == std::string::npos);
  auto y = decode_result("alice/c1", text);
  REQUIRE(y);
  CHECK(y->finish == finish_reason::none);
  CHECK(y->refusal_text.empty());
}

TEST_CASE("the streamed text is kept apart only where the output does not hold it") {
  auto x = example();
  CHECK(x.text.empty());
  x.output = "17";
  set_streamed(x, "seventeen");
  CHECK(x.text == "seventeen");
  CHECK(streamed_text(x) == "seventeen");
  x.text = {};
  set_streamed(x, "");
  CHECK_FALSE(x.streamed);
  CHECK(streamed_text(x).empty());
}

TEST_CASE("the newest results are bounded by count and by all their bytes") {
  recent_results some{2, 100};
  auto add = [&](const std::string& id, std::size_t bytes) {
    run_result x;
    x.run_id = id;
    x.output = "null";
    x.text = std::string(bytes, 'x');
    some.add(std::move(x));
  };
  add("a", 1), add("b", 1), add("c", 1);
  CHECK(some.size() == 2);
  CHECK(some.find("a") == nullptr);
  add("d", 95);
  CHECK(some.size() == 1);
  CHECK(some.find("d") != nullptr);
}

TEST_CASE("a call's event says all that its run has to know") {
  call_request what;
  what.target = "assistant";
  what.client_id = "alice";
  what.message_id = "c1";
  what.input = R"({"text":"hi"})";
  what.timeout_ms = 500;
  CHECK(call_event_data(what) == R"({"target":"assistant","timeout_ms":500,"input":{"text":"hi"}})");
  auto plain = read_order(event_of(what, 17));
  CHECK(plain.run_id == "alice/c1");
  CHECK(plain.thread.empty());
  CHECK(plain.on_busy == busy_policy::concurrent);
  CHECK(plain.ts_ms == 17);
  what.thread = "t.1";
  what.cancel_on_disconnect = true;
  for (auto policy : {busy_policy::queue, busy_policy::replace, busy_policy::reject}) {
    what.on_busy = policy;
    auto x = read_order(event_of(what, 17));
    CHECK(x.thread == "t.1");
    CHECK(x.on_busy == policy);
    CHECK(x.input == what.input);
    CHECK(x.timeout_ms == 500);
  }
}

TEST_CASE("a conversation keeps the newest whole pairs within both bounds") {
  conversation x;
  for (auto i = 1; i <= 4; ++i) remember(x, "q" + std::to_string(i), "a" + std::to_string(i), 5, 1000);
  CHECK(texts(x) == std::vector<std::string>{"q3", "a3", "q4", "a4"});
  remember(x, "12345", "67890", 100, 14);
  CHECK(texts(x) == std::vector<std::string>{"q4", "a4", "12345", "67890"});
  remember(x, std::string(20, 'q'), "a", 100, 14);
  CHECK(x.empty());
  remember(x, "q", "a", 0, 14);
  CHECK(x.empty());
}

TEST_CASE("a conversation is the same after it was kept") {
  conversation x;
  remember(x, "how\ndeep?", "ü", 10, 1000);
  auto y = decode_conversation(encode_conversation(x));
  REQUIRE(texts(y) == texts(x));
  CHECK(y[0].role == "user");
  CHECK(y[1].role == "assistant");
  CHECK(decode_conversation("{").empty());
  CHECK(decode_conversation("[[1]]").empty());
}

TEST_CASE("the conversations in memory are bounded, and the one that was used longest ago is dropped") {
  thread_memory all{3, 40, 1000};
  auto of = [](const std::string& text) {
    conversation x;
    remember(x, text, "a", 10, 1000);
    return x;
  };
  all.put("a", of("1"), 0);
  all.put("b", of("1"), 0);
  all.put("c", of("1"), 0);
  CHECK(all.find("a", 10) != nullptr); // used
  all.put("d", of("1"), 10);
  CHECK(all.find("b", 10) == nullptr);
  CHECK(all.dropped() == 1);
  CHECK(all.size() == 3);
  all.put("e", of(std::string(37, 'x')), 20);
  CHECK(all.bytes() <= 40);
  CHECK(all.find("e", 20) != nullptr);
  CHECK(all.find("a", 20) == nullptr);
}

TEST_CASE("a conversation that has not been used for its time is not there any more") {
  thread_memory all{3, 1000, 1000};
  all.put("a", {}, 0);
  CHECK(all.find("a", 999) != nullptr);
  CHECK(all.find("a", 1998) != nullptr);
  CHECK(all.find("a", 2998) == nullptr);
  CHECK(all.size() == 0);
}
