#include "net/outbound.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace weir;

namespace {

frame_ptr frame(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

std::vector<std::string> texts(const std::vector<frame_ptr>& frames) {
  std::vector<std::string> out;
  for (auto& x : frames) out.push_back(*x);
  return out;
}

std::vector<frame_ptr> take(outbound& from) {
  std::vector<frame_ptr> out;
  from.take(out);
  return out;
}

using strings = std::vector<std::string>;

nlohmann::json payload(const frame_ptr& x) { return nlohmann::json::parse(x->substr(x->find('{'))); }

} // namespace

TEST_CASE("control goes before data, and each lane keeps its order") {
  outbound out{1000, 100};
  CHECK(out.data(frame("e1")));
  out.control(frame("ok1"));
  CHECK(out.data(frame("e2")));
  out.control(frame("ok2"));
  CHECK(texts(take(out)) == strings{"ok1", "ok2", "e1", "e2"});
  CHECK(out.writing());
  CHECK(out.empty());
  out.written();
  CHECK_FALSE(out.writing());
  CHECK(take(out).empty());
  CHECK_FALSE(out.writing());
}

TEST_CASE("a frame is shared, not copied") {
  outbound out{1000, 100};
  auto shared = frame("event");
  CHECK(out.data(shared));
  CHECK(take(out).front().get() == shared.get());
}

TEST_CASE("data beyond its bound is not taken until some has been written, in bytes") {
  outbound out{100, 1000};
  CHECK(out.data(frame(std::string(60, 'a'))));
  CHECK(out.data(frame(std::string(40, 'b'))));
  CHECK_FALSE(out.data(frame("c")));
  CHECK_FALSE(out.data_low());
  CHECK(take(out).size() == 2);
  CHECK_FALSE(out.data(frame("c"))); // it is still on its way
  out.written();
  CHECK(out.data_low());
  CHECK(out.data(frame("c")));
}

TEST_CASE("data beyond its bound is not taken, in frames") {
  outbound out{1'000'000, 4};
  for (int i = 0; i < 4; ++i) CHECK(out.data(frame("e")));
  CHECK_FALSE(out.data(frame("e")));
  out.marker(frame("lagging"));
  out.control(frame("ok"));
  CHECK(texts(take(out)) == strings{"ok", "e", "e", "e", "e", "lagging"});
}

TEST_CASE("an empty lane takes any one frame") {
  outbound out{10, 10};
  CHECK(out.data(frame(std::string(1000, 'x'))));
  CHECK_FALSE(out.data(frame("y")));
}

TEST_CASE("control is always taken, and says when the client should not be listened to") {
  outbound out{1000, 10};
  for (int i = 0; i < 10; ++i) out.control(frame("ok"));
  CHECK_FALSE(out.control_full());
  out.control(frame("ok"));
  CHECK(out.control_full());
  CHECK_FALSE(out.control_over_hard_bound());
  for (int i = 0; i < 70; ++i) out.control(frame("ok"));
  CHECK(out.control_over_hard_bound());
  CHECK(take(out).size() == 81);
  CHECK(out.control_over_hard_bound()); // until they have been written
  out.written();
  CHECK(out.control_low());
}

TEST_CASE("a write ends at its bound, and what has come into control meanwhile goes before the rest") {
  outbound out{1'000'000, 1000};
  for (int i = 0; i < 5; ++i) CHECK(out.data(frame(std::string(outbound::max_gathered_bytes / 4 + 1, 'e'))));
  CHECK(take(out).size() == 4);
  out.control(frame("ok"));
  out.written();
  auto rest = take(out);
  REQUIRE(rest.size() == 2);
  CHECK(*rest[0] == "ok");
}

TEST_CASE("frames come out of a queue as they went in, and an empty one holds nothing") {
  frame_queue queue;
  std::size_t out = 0;
  for (std::size_t in = 0; in < 1000; ++in) {
    queue.push(frame(std::to_string(in)));
    if (in % 3 == 0) continue;
    CHECK(*queue.pop() == std::to_string(out++));
  }
  CHECK(queue.size() == 1000 - out);
  CHECK(*queue[7] == std::to_string(out + 7));
  queue.drop(10);
  for (out += 10; !queue.empty(); ++out) CHECK(*queue.pop() == std::to_string(out));
  CHECK(out == 1000);
  CHECK(queue.size() == 0);
}

TEST_CASE("waiting deltas of one run are joined, and the result comes after them") {
  outbound out{1000, 100};
  out.delta({"a/1", 0, "h\xc3\xa4"});
  out.delta({"a/2", 0, "other"});
  out.delta({"a/1", 2, "l"});
  out.result("a/1", frame("{\"op\":\"result\"}"));
  auto frames = take(out);
  REQUIRE(frames.size() == 3);
  CHECK(payload(frames[0])["text"] == "h\xc3\xa4l");
  CHECK(payload(frames[0])["at"] == 0);
  CHECK(payload(frames[1])["op"] == "result");
  CHECK(payload(frames[2])["run_id"] == "a/2");
  out.written();
  out.delta({"a/2", 5, "!"});
  frames = take(out);
  REQUIRE(frames.size() == 1);
  CHECK(payload(frames[0])["at"] == 5);
  out.written();
  CHECK(out.control_low());
}

TEST_CASE("a delta that does not go on where the waiting one ends is not joined to it") {
  outbound out{1000, 100};
  out.delta({"a/1", 0, "abc"});
  out.delta({"a/1", 0, "abcd"});
  auto frames = take(out);
  REQUIRE(frames.size() == 2);
  CHECK(payload(frames[0])["text"] == "abc");
  CHECK(payload(frames[1])["text"] == "abcd");
}
