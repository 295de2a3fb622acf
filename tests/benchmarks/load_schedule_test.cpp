#include "benchmarks/load/generator/order_check.hpp"
#include "benchmarks/load/generator/pacer.hpp"
#include "benchmarks/load/generator/stamp.hpp"
#include "benchmarks/load/generator/upgrade.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir::bench;

TEST_CASE("events are due at fixed times, however late they are taken") {
  pacer x(1'000, 1e6, 3); // one each microsecond
  CHECK(x.next_ns() == 1'000);
  CHECK(x.take() == 0);
  CHECK(x.next_ns() == 2'000);
  CHECK(x.take() == 1);
  CHECK(x.due_ns(1) == 2'000);
  CHECK(x.take() == 2);
  CHECK(x.next_ns() == pacer::never);
}

TEST_CASE("a rate that is no whole number of nanoseconds does not drift") {
  pacer x(0, 3, 3'000'001);
  CHECK(x.due_ns(3'000'000) == 1'000'000'000'000'000);
}

TEST_CASE("a schedule that was stopped has nothing due") {
  pacer x(0, 10, 100);
  x.take();
  x.stop();
  CHECK(x.next_ns() == pacer::never);
  CHECK(x.count() == 1);
}

TEST_CASE("receivers that have all in order have nothing to complain of") {
  order_check x;
  auto first = x.add_receiver(2), second = x.add_receiver(1);
  for (std::uint32_t i = 0; i < 3; ++i) x.take(first, i);
  x.take(first + 1, 0);
  x.take(second, 0);
  CHECK(x.received() == 5);
  CHECK(x.late() + x.doubled() == 0);
  CHECK(x.missing(first, 3) == 0);
  CHECK(x.missing(first + 1, 1) == 0);
  CHECK(x.missing(second, 4) == 3); // the end never came
}

TEST_CASE("a hole is a loss, and what fills it later is late") {
  order_check x;
  auto at = x.add_receiver(1);
  x.take(at, 0);
  x.take(at, 3);
  CHECK(x.missing(at, 4) == 2);
  x.take(at, 1);
  CHECK(x.late() == 1);
  CHECK(x.missing(at, 4) == 1);
  CHECK(x.received() == 3);
}

TEST_CASE("what comes twice is not counted as received twice") {
  order_check x;
  auto at = x.add_receiver(1);
  x.take(at, 0);
  x.take(at, 1);
  x.take(at, 1);
  x.take(at, 0);
  CHECK(x.doubled() == 2);
  CHECK(x.received() == 2);
  CHECK(x.missing(at, 2) == 0);
}

TEST_CASE("a stamp is read as it was written, at the size that was asked for") {
  std::string text = "before";
  append_stamp(text, {7, 123'456, 9'876'543'210'123}, 107);
  CHECK(text.size() == 6 + 107);
  auto x = read_stamp(std::string_view{text}.substr(6));
  REQUIRE(x);
  CHECK(x->lane == 7);
  CHECK(x->number == 123'456);
  CHECK(x->due_ns == 9'876'543'210'123);
}

TEST_CASE("a stamp that needs more room than there is takes it") {
  std::string text;
  append_stamp(text, {1, 2, 3}, 10);
  CHECK(text == R"({"by":1,"n":2,"t":3})");
  CHECK(read_stamp(text));
}

TEST_CASE("other texts are no stamps") {
  for (auto* text :
       {"", "{}", R"({"by":1})", R"({"by":"1","n":2,"t":3})", R"({"by":99999999999,"n":2,"t":3})"})
    CHECK_FALSE(read_stamp(text));
}

TEST_CASE("an upgrade's answer is read once its head is whole") {
  std::string text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x01x";
  CHECK_FALSE(read_upgrade_answer(text.substr(0, 40)));
  auto x = read_upgrade_answer(text);
  REQUIRE(x);
  CHECK(x->status == 101);
  CHECK(text.substr(x->head_bytes) == "\x81\x01x");
}

TEST_CASE("a refusal says when to come again") {
  auto x =
      read_upgrade_answer("HTTP/1.1 503 Service Unavailable\r\nRETRY-After: 3\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(x);
  CHECK(x->status == 503);
  CHECK(x->retry_after_s == 3);
  CHECK(read_upgrade_answer("HTTP/1.1 404 Not Found\r\n\r\n")->retry_after_s == 0);
  CHECK(read_upgrade_answer("SSH-2.0-OpenSSH\r\n\r\n")->status == 0);
}
