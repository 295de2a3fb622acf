// The small plain classes of a namespace, each run full.

#include "actors/namespace/dead_letters.hpp"
#include "actors/namespace/presence_book.hpp"
#include "actors/namespace/receipt_book.hpp"
#include "actors/namespace/retention.hpp"
#include "actors/namespace/session_table.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

session session_of(std::string id) {
  session out;
  out.id = std::move(id);
  out.client_id = "alice";
  return out;
}

receipt_book::entry awaited(std::string event_id, receipt_kind kind, std::int64_t now_ms = 0) {
  receipt_book::entry out;
  out.event_id = std::move(event_id);
  out.kind = kind;
  out.added_ms = now_ms;
  return out;
}

} // namespace

// -- retention

TEST_CASE("a log is trimmed by count, to within a block") {
  retention x({2000, 1 << 30, 1'000'000});
  for (std::uint64_t seq = 1; seq <= 5000; ++seq) x.add(seq, 10, 0);
  auto first = x.trim(0);
  REQUIRE(first);
  CHECK(5001 - *first >= 2000);
  CHECK(5001 - *first < 2000 + retention::block_events);
  CHECK(!x.trim(0));
}

TEST_CASE("a log is trimmed by bytes and by age") {
  retention bytes({1'000'000, 50'000, 1'000'000});
  for (std::uint64_t seq = 1; seq <= 10'000; ++seq) bytes.add(seq, 10, 0);
  REQUIRE(bytes.trim(0));
  CHECK(bytes.bytes() >= 50'000);
  CHECK(bytes.bytes() < 50'000 + 10 * retention::block_events);
  retention age({1'000'000, 1 << 30, 1000});
  for (std::uint64_t seq = 1; seq <= 10'000; ++seq) age.add(seq, 10, static_cast<std::int64_t>(seq));
  CHECK(!age.trim(1000));
  REQUIRE(age.trim(6000));
  CHECK(age.first_kept() > 4000);
  CHECK(age.first_kept() <= 5001);
}

TEST_CASE("events are trimmed by age a block at a time, of which there are many in that age") {
  retention x({1'000'000, 1 << 30, 32'000});
  CHECK_FALSE(x.next_due_ms());
  for (std::uint64_t seq = 1; seq <= 200; ++seq) x.add(seq, 10, static_cast<std::int64_t>(seq * 100));
  for (std::int64_t now_ms = 32'000; now_ms <= 53'000; now_ms += 50) {
    x.trim(now_ms);
    auto first_ms = static_cast<std::int64_t>(x.first_kept() * 100);
    if (x.first_kept() > 1) CHECK(first_ms - 100 + 32'000 <= now_ms); // never before its time
    if (x.first_kept() <= 200) CHECK(first_ms + 33'000 > now_ms);     // and not much after it
  }
  CHECK_FALSE(x.next_due_ms());
  CHECK(x.bytes() == 0);
}

TEST_CASE("a quiet log is due when its oldest block is") {
  retention x({1'000'000, 1 << 30, 1000});
  x.add(1, 10, 5000);
  CHECK(x.next_due_ms() == 6000);
  CHECK_FALSE(x.trim(5999));
  CHECK(x.trim(6000) == 2);
  CHECK_FALSE(x.next_due_ms());
}

TEST_CASE("an old log is trimmed in steps after a restart, too") {
  retention x({600'000, 1ULL << 40, 1'000'000'000});
  x.restore(1, 1'000'000, 100'000'000, 0, 1'000'000);
  auto first = x.trim(0);
  REQUIRE(first);
  CHECK(1'000'001 - *first >= 600'000);
  CHECK(1'000'001 - *first < 610'000);
  retention aged({1'000'000, 1ULL << 40, 250'000});
  aged.restore(1, 1000, 100'000, 0, 1'000'000);
  CHECK(!aged.trim(0));
}

// -- sessions

TEST_CASE("a session is kept for its time after its socket went, and no longer") {
  session_table x(10, 100);
  auto& alice = x.add(session_of("s1"), 0);
  x.attach(alice, {1, 7});
  CHECK(x.next_expiry_ms() == 0);
  CHECK(!x.take_expired(1000));
  CHECK(x.find(attachment{1, 7}) == &alice);
  CHECK(x.detach({1, 7}, 50) == &alice);
  CHECK(!x.detach({1, 7}, 50));
  CHECK(x.next_expiry_ms() == 150);
  CHECK(!x.take_expired(149));
  auto gone = x.take_expired(150);
  REQUIRE(gone);
  CHECK(gone->id == "s1");
  CHECK(x.size() == 0);
}

TEST_CASE("above the bound the session that would expire first goes") {
  session_table x(2, 100);
  for (auto* id : {"s1", "s2", "s3"}) x.add(session_of(id), id[1]);
  CHECK(x.over_bound());
  CHECK(x.take_expired(0)->id == "s1");
  CHECK(!x.take_expired(0));
}

TEST_CASE("a session that is attached again remembers where it was, once") {
  session_table x(2, 100);
  auto& alice = x.add(session_of("s1"), 0);
  x.attach(alice, {1, 7});
  x.attach(alice, {2, 8});
  CHECK(x.find(attachment{1, 7}) == nullptr);
  CHECK(x.settle_before(alice) == attachment{1, 7});
  CHECK(!x.settle_before(alice));
  CHECK(!x.detach({1, 7}, 0)); // the old socket's end is nothing to it
  REQUIRE(x.behind(2).size() == 1);
  CHECK(x.detach(x.behind(2)[0], 0) == &alice);
  CHECK(x.attached() == 0);
}

TEST_CASE("a session is the same after it was kept") {
  auto alice = session_of("s1");
  alice.meta = R"({"name":"Alice"})";
  alice.epoch = "e1";
  alice.acked = 7;
  alice.subscriptions["a"] = {"a", "chat.*", "g", true, 5};
  auto back = decode_session("s1", encode_session(alice));
  REQUIRE(back);
  CHECK(back->client_id == "alice");
  CHECK(back->meta == alice.meta);
  CHECK(back->epoch == "e1");
  CHECK(back->acked == 7);
  REQUIRE(back->subscriptions.size() == 1);
  auto& spec = back->subscriptions.at("a");
  CHECK(spec.pattern == "chat.*");
  CHECK(spec.queue == "g");
  CHECK(spec.ack);
  CHECK(spec.since == 5);
  CHECK(!decode_session("s1", "{}"));
  CHECK(!decode_session("s1", "nonsense"));
}

// -- presence

TEST_CASE("joins and leaves over the rate are told as counts when the second is over") {
  presence_book x(2);
  CHECK(x.join("a", "{}", {0, 0}));
  CHECK(!x.join("a", "{}", {0, 0})); // a second connection
  CHECK(x.join("b", "{}", {0, 0}));
  CHECK(!x.join("c", "{}", {10, 10}));
  CHECK(!x.leave("a", 10));
  CHECK(!x.leave("a", 10));
  CHECK(!x.leave("nobody", 10));
  CHECK(x.count() == 2);
  CHECK(x.flush(500).empty());
  auto told = x.flush(x.next_flush_ms());
  REQUIRE(told.size() == 2);
  CHECK(told[0].type == "sys.presence.joined");
  CHECK(told[0].data == R"({"count":2,"joined":1})");
  CHECK(told[1].data == R"({"count":2,"left":1})");
  CHECK(x.next_flush_ms() == 0);
  CHECK(x.join("d", "{}", {5000, 5000}));
}

TEST_CASE("a list of who is there ends at its bounds, and goes on behind the last name") {
  presence_book x(100);
  for (auto* id : {"a", "b", "c", "d", "e"}) x.join(id, '"' + std::string(998, 'm') + '"', {0, 0});
  auto names = [&x](const presence_request& what, bool& more) {
    std::string out;
    for (auto& client : x.list(what, more)) out += client.client_id;
    return out;
  };
  bool more = false;
  CHECK(names({2, "", 0}, more) == "ab");
  CHECK(more);
  CHECK(names({100, "b", 2500}, more) == "cd");
  CHECK(more);
  CHECK(names({100, "d", 2500}, more) == "e");
  CHECK_FALSE(more);
  CHECK(names({100, "", 10}, more) == "a"); // so that a reader gets on
  CHECK(names({100, "e", 0}, more).empty());
  CHECK_FALSE(more);
}

// -- receipts

TEST_CASE("receipts of many receivers are told together, with the first of them by name") {
  receipt_book x(10);
  x.add(awaited("a/1", receipt_kind::delivered));
  for (int i = 0; i < 40; ++i) x.count("a/1", receipt_kind::delivered, "c" + std::to_string(i), 5);
  x.count("a/1", receipt_kind::acked, "other", 5); // not what was asked for
  x.count("a/2", receipt_kind::delivered, "other", 5);
  CHECK(x.take_due(100).empty());
  auto due = x.take_due(105);
  REQUIRE(due.size() == 1);
  CHECK(due[0].count == 40);
  CHECK(due[0].by.size() == receipt_book::max_by);
  CHECK(x.next_due_ms() == 0);
  x.count("a/1", receipt_kind::delivered, "late", 200);
  CHECK(x.take_due(300).at(0).count == 41);
}

TEST_CASE("above the bound the oldest awaited event is forgotten") {
  receipt_book x(2);
  for (auto* id : {"a/1", "a/2", "a/3"}) {
    x.add(awaited(id, receipt_kind::acked));
    x.count(id, receipt_kind::acked, "c", 0);
  }
  CHECK(x.size() == 2);
  CHECK(x.forgotten() == 1);
  CHECK(x.take_due(1000).size() == 2);
  x.add(awaited("a/4", receipt_kind::acked, receipt_book::max_age_ms));
  CHECK(x.size() == 1); // the others are too old
}

// -- dead letters

TEST_CASE("a dead letter is the same after it was kept, and the oldest goes above the bound") {
  event e;
  e.seq = 12;
  e.type = "work";
  e.client_id = "alice";
  e.message_id = "m";
  e.data = R"({"x":1})";
  dead_letter letter{std::make_shared<const event>(e), "agent.a", 2, "cannot digest it"};
  auto back = decode_dead_letter(encode_dead_letter(letter));
  REQUIRE(back);
  CHECK(back->what->event_id() == "alice/m");
  CHECK(back->what->data == e.data);
  CHECK(back->attempts == 2);
  CHECK(!decode_dead_letter("nonsense"));
  dead_letters x(1);
  CHECK(!x.add(letter));
  CHECK(x.add(letter));
  CHECK(x.dropped() == 1);
  CHECK(x.take("alice/m"));
  CHECK(!x.take("alice/m"));
}
