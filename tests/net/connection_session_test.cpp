// What a connection makes of sessions, queues, acknowledgements, history and presence, over fakes.

#include "tests/support/connection_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using nlohmann::json;
using test::connection_fixture;

namespace {

class session_fixture : public connection_fixture {
public:
  std::string token(const std::string& client = "alice", const std::string& ns = "demo",
                    std::int64_t life_ms = 60'000) {
    return shared->signer->sign({ns, client, "s9", shared->wall_clock_ms() + life_ms});
  }

  void hello(const json& more) {
    json frame = {{"op", "hello"}, {"namespace", "demo"}, {"client_id", "alice"}};
    frame.update(more);
    say(frame.dump());
  }

  /// What the namespace says of a session that is known.
  void known(std::uint64_t seq, std::uint64_t first_kept) {
    auto& x = gate.relay.session;
    x.session = "s9";
    x.resumed = true;
    x.seq = seq;
    x.first_kept = first_kept;
    x.ttl_ms = 120'000;
    x.subscriptions = {{"a", "chat.*", {}, false, 3}, {"q", "work", "g", true, 0}};
    gate.relay.info.seq = seq;
  }
};

} // namespace

TEST_CASE_METHOD(session_fixture, "a session that is known goes on after last_seq, from the log") {
  known(40, 1);
  open();
  hello({{"session", token()}, {"last_seq", 37}});
  CHECK(gate.relay.opens.at(0).session == "s9");
  auto welcome = take();
  CHECK(welcome["recovered"] == true);
  CHECK(welcome["session_ttl_ms"] == 120'000);
  CHECK(gate.relay.patterns == std::vector<std::string>{"chat.*"}); // the queue is the namespace's business
  REQUIRE(gate.relay.reads.size() == 1);
  CHECK(gate.relay.reads[0].what.after_seq == 37);
  CHECK(gate.relay.told_of<session_welcomed>().size() == 1);
}

TEST_CASE_METHOD(session_fixture, "what a session missed is read when its turn among the others has come") {
  class other : public replayer {
  public:
    void on_replay_turn() override { ++turns; }
    int turns = 0;
  };
  std::vector<std::unique_ptr<other>> before;
  for (std::uint64_t i = 0; i < shared->bounds->of_node().replays; ++i) {
    before.push_back(std::make_unique<other>());
    REQUIRE(shared->replays.enter(*before.back(), "other"));
  }
  known(40, 1);
  open();
  hello({{"session", token()}, {"last_seq", 37}});
  CHECK(take()["recovered"] == true); // nobody waits for that
  CHECK(gate.relay.reads.empty());
  CHECK(shared->metrics.replays_waiting->value() == 1);
  CHECK(ask(R"({"op":"ping"})")["op"] == "pong");
  shared->replays.leave(*before[0]);
  settle();
  REQUIRE(gate.relay.reads.size() == 1);
  CHECK_FALSE(shared->replays.enter(*before[0], "other"));
  log_slice half;
  half.first_kept = 1;
  half.read_to = 38;
  half.head = 40;
  gate.relay.who->on_log_slice(gate.relay.reads[0].reference, half);
  settle();
  CHECK(before[0]->turns == 1); // one slice each
  CHECK(gate.relay.reads.size() == 1);
  shared->replays.leave(*before[0]);
  settle();
  REQUIRE(gate.relay.reads.size() == 2);
  CHECK(gate.relay.reads[1].what.after_seq == 38);
  half.read_to = 40;
  gate.relay.who->on_log_slice(gate.relay.reads[1].reference, half);
  settle();
  for (auto& x : before) shared->replays.leave(*x);
  CHECK(shared->replays.active() == 0);
  deliver(41, "chat.a");
  settle();
  CHECK(take()["op"] == "event"); // live again
}

TEST_CASE_METHOD(session_fixture,
                 "a read that fails, and a connection that ends, make room for the next one") {
  known(40, 1);
  open();
  hello({{"session", token()}, {"last_seq", 37}});
  REQUIRE(gate.relay.reads.size() == 1);
  CHECK(shared->replays.active() == 1);
  answer failed;
  failed.no = {code::too_many, "store_full", "the store has too much in hand", 100, "node", 9, 9};
  gate.relay.who->on_answer(gate.relay.reads[0].reference, failed);
  run(); // before the turn in which it tries again
  CHECK(shared->replays.active() == 0);
  advance(std::chrono::milliseconds{100});
  settle();
  CHECK(gate.relay.reads.size() == 2);
  CHECK(shared->replays.active() == 1);
  line->on_closed(1006, {});
  run();
  CHECK(shared->replays.active() == 0);
  CHECK(shared->replays.waiting() == 0);
}

TEST_CASE_METHOD(session_fixture, "what the log has not any more is a gap, and the session not recovered") {
  known(40, 39);
  open();
  hello({{"session", token()}, {"last_seq", 37}});
  CHECK(take()["recovered"] == false);
  log_slice slice;
  slice.first_kept = 39;
  slice.read_to = slice.head = 40;
  gate.relay.who->on_log_slice(gate.relay.reads.at(0).reference, slice);
  settle();
  auto gap = take();
  CHECK(gap == json::parse(R"({"op":"gap","from":38,"to":38,"reason":"trimmed"})"));
}

TEST_CASE_METHOD(session_fixture, "a client that has had more than there is was in another history") {
  known(40, 1);
  open();
  hello({{"session", token()}, {"last_seq", 50}});
  CHECK(take()["recovered"] == false);
  CHECK(take()["reason"] == "epoch");
}

TEST_CASE_METHOD(session_fixture, "a position in another history is worth nothing, however small it is") {
  known(40, 1);
  gate.relay.session.epoch = gate.relay.info.epoch = "e2";
  open();
  auto of_e1 = shared->signer->sign({"demo", "alice", "s9", shared->wall_clock_ms() + 60'000, "e1", 37});
  SECTION("as the token says, which was signed when the client was welcomed") {
    hello({{"session", of_e1}, {"last_seq", 3}});
  }
  SECTION("as the client says") { hello({{"session", token()}, {"last_seq", 3}, {"epoch", "e1"}}); }
  SECTION("as the token says, where the client says no position") { hello({{"session", of_e1}}); }
  CHECK(take()["recovered"] == false);
  auto gap = take();
  CHECK(gap["reason"] == "epoch");
  CHECK(gap["from"] == 1);
  CHECK(gap["to"] == 40);
  CHECK(gap["epoch"] == "e2");
  auto claims = shared->signer->verify(gap["session"].get<std::string>(), shared->wall_clock_ms());
  REQUIRE(claims);
  CHECK(claims->session == "s9");
  CHECK(claims->epoch == "e2");
  CHECK(claims->seq == 40);
  CHECK(gate.relay.reads.empty()); // nothing of this history is read for a position of the other
}

TEST_CASE_METHOD(session_fixture, "a client that was told of a new epoch goes on from its position in it") {
  known(40, 1);
  gate.relay.session.epoch = gate.relay.info.epoch = "e2";
  open();
  auto of_e1 = shared->signer->sign({"demo", "alice", "s9", shared->wall_clock_ms() + 60'000, "e1", 37});
  hello({{"session", of_e1}, {"last_seq", 37}, {"epoch", "e2"}});
  CHECK(take()["recovered"] == true);
  REQUIRE(gate.relay.reads.size() == 1);
  CHECK(gate.relay.reads[0].what.after_seq == 37);
  // What was signed is told to the namespace, which may have lost what came between.
  CHECK(gate.relay.opens.at(0).told_epoch == "e1");
  CHECK(gate.relay.opens.at(0).told_seq == 37);
}

TEST_CASE_METHOD(session_fixture,
                 "a connection that lives through a new epoch is told so, and gets what comes") {
  known(40, 1);
  gate.relay.session.epoch = gate.relay.info.epoch = "e1";
  open();
  hello({{"session", token()}, {"last_seq", 40}});
  CHECK(take()["recovered"] == true);
  deliver(41, "chat.a");
  settle();
  CHECK(take()["op"] == "event");
  gate.relay.info.epoch = "e2";
  gate.relay.info.seq = 7;
  gate.relay.who->on_attached(gate.relay.info);
  settle();
  auto gap = take();
  CHECK(gap["reason"] == "epoch");
  CHECK(gap["from"] == 1);
  CHECK(gap["to"] == 7);
  CHECK(gap["epoch"] == "e2");
  auto& again = gate.relay.opens.back();
  CHECK(again.reattached);
  for (auto& x : again.subscriptions) CHECK(x.since == 7); // not where they began in the other history
  deliver(8, "chat.a");
  settle();
  CHECK(take()["seq"] == 8);
}

TEST_CASE_METHOD(session_fixture, "an expired session is a new one, with a gap for what it missed") {
  open();
  hello({{"session", token()}, {"last_seq", 30}}); // the namespace does not know it
  CHECK(take()["recovered"] == false);
  auto gap = take();
  CHECK(gap["from"] == 31);
  CHECK(gap["to"] == 40);
}

TEST_CASE_METHOD(session_fixture,
                 "a token of another client, namespace or time, or none at all, is not believed") {
  auto bad = std::vector<std::string>{token("bob"), token("alice", "other"), token("alice", "demo", -1),
                                      "nonsense", token() + "x"};
  for (auto& x : bad) {
    open();
    hello({{"session", x}});
    CHECK(take()["op"] == "welcome");
    CHECK(gate.relay.opens.back().session.empty());
    line->on_closed(1006, {});
    run();
  }
}

TEST_CASE_METHOD(session_fixture, "a session that is attached elsewhere closes this one with 4409") {
  welcome();
  gate.relay.who->on_notice({7, taken_over{}});
  settle();
  REQUIRE(socket->closed_with);
  CHECK(*socket->closed_with == close_code::taken_over);
}

TEST_CASE_METHOD(session_fixture,
                 "a namespace that was restarted gets the session again, with its subscriptions") {
  welcome();
  CHECK(ask(R"({"op":"subscribe","id":"a","pattern":"x"})")["op"] == "ok");
  gate.relay.who->on_attached(gate.relay.info);
  settle();
  auto& again = gate.relay.opens.back();
  CHECK(again.reattached);
  CHECK(again.session == "s1");
  REQUIRE(again.subscriptions.size() == 1);
  CHECK(again.subscriptions[0].pattern == "x");
  CHECK(socket->sent.empty()); // the client notices nothing
}

TEST_CASE_METHOD(session_fixture, "a namespace that goes on elsewhere is asked for the rest of the runs") {
  using followed = test::fake_relay::followed;
  welcome();
  say(R"({"op":"call","target":"e","message_id":"c1","input":1,"stream":true,"on_disconnect":"cancel"})");
  say(R"({"op":"call","target":"e","message_id":"c2","input":1})");
  say(R"({"op":"call","target":"e","message_id":"c3","input":1})");
  say(R"({"op":"watch","run_id":"bob/1","at":7})");
  say(R"({"op":"watch","run_id":"bob/2"})");
  say(R"({"op":"call","target":"e","message_id":"c4","input":1})"); // its answer is yet to come
  auto& calls = gate.relay.calls;
  auto who = gate.relay.who;
  answer accepted;
  accepted.seq = 41;
  who->on_answer(calls[0].reference, accepted);
  accepted.seq = 42;
  who->on_answer(calls[1].reference, accepted);
  answer no;
  no.no = {code::too_many, "namespace_full", "full", 20, "namespace", 8, 8};
  who->on_answer(calls[2].reference, no);
  for (auto& x : gate.relay.watches) who->on_answer(x.reference, answer{});
  who->on_run_update({7, false, {"alice/c1", 0, "h\u00e9"}, {}});
  who->on_run_update({7, false, {"bob/1", 7, "deep"}, {}});
  run_update last;
  last.finished = true;
  last.result.run_id = "bob/2";
  who->on_run_update(last);
  who->on_attached(gate.relay.info);
  settle();
  CHECK(gate.relay.follows
        == std::vector<followed>{{"alice/c1", 41, true, true, 2},
                                 {"alice/c2", 42, false, false, 0},
                                 {"bob/1", 0, true, false, 11}});
  gate.relay.follows.clear();
  gate.relay.info.epoch = "another"; // in whose history there may be something else at seq 41
  who->on_attached(gate.relay.info);
  settle();
  REQUIRE(gate.relay.follows.size() == 3);
  for (auto& x : gate.relay.follows) CHECK(x.seq == 0);
}

TEST_CASE_METHOD(session_fixture, "of very many runs the first are followed") {
  constexpr auto most = open_runs::max_runs;
  open_runs runs;
  for (std::size_t i = 0; i < most; ++i) CHECK(runs.ask("a/" + std::to_string(i), false, false, 0));
  CHECK_FALSE(runs.ask("a/more", false, false, 0));
  CHECK(runs.ask("a/0", true, false, 3)); // asked for again
  runs.on_over("a/0");
  CHECK(runs.ask("a/more", false, false, 0));
  CHECK(runs.size() == most);
}

TEST_CASE_METHOD(session_fixture,
                 "a subscription begins when the namespace has it, and not when that is refused") {
  welcome();
  gate.relay.session_no = {code::unavailable, "unavailable", "the disk is full", 500, {}, 0, 0};
  auto no = ask(R"({"op":"subscribe","id":"a","pattern":"x"})");
  CHECK(no["code"] == 503);
  CHECK(no["id"] == "a");
  CHECK(gate.relay.patterns.empty());
  gate.relay.session_no = {};
  CHECK(ask(R"({"op":"subscribe","id":"a","pattern":"x"})")["seq"] == 40);
  CHECK(ask(R"({"op":"subscribe","id":"a","pattern":"x"})")["op"] == "ok"); // sent again
  CHECK(gate.relay.patterns.size() == 1);
  gate.relay.session_no = {code::unavailable, "unavailable", "no", 500, {}, 0, 0};
  CHECK(ask(R"({"op":"unsubscribe","id":"a"})")["code"] == 503);
  CHECK(gate.relay.patterns.size() == 1);
}

TEST_CASE_METHOD(session_fixture, "a queue's event is confirmed by its client, or by having been written") {
  welcome();
  event x;
  x.seq = 41;
  x.type = "work";
  x.client_id = "bob";
  x.message_id = "m1";
  x.data = "1";
  auto what = std::make_shared<const event>(x);
  gate.relay.who->on_notice({7, queue_offer{what, true, true}});
  settle();
  CHECK(take()["redelivered"] == true);
  CHECK(gate.relay.told_of<session_ack>().empty());
  say(R"({"op":"ack","event_id":"bob/m1"})");
  say(R"({"op":"nack","event_id":"bob/m2","delay_ms":7})");
  CHECK(gate.relay.told_of<session_ack>().at(0).event_id == "bob/m1");
  CHECK(gate.relay.told_of<session_nack>().at(0).delay_ms == 7);
  gate.relay.who->on_notice({7, queue_offer{what, false, false}});
  settle();
  CHECK(gate.relay.told_of<session_ack>().size() == 2);
}

TEST_CASE_METHOD(session_fixture, "history is read in parts until it has what was asked for") {
  welcome();
  say(R"({"op":"history","id":"h","pattern":"a.*","after_seq":5,"limit":2})");
  REQUIRE(gate.relay.reads.size() == 1);
  CHECK(gate.relay.reads[0].what.after_seq == 5);
  CHECK(gate.relay.reads[0].what.client_id == "alice");
  log_slice part;
  part.read_to = 20; // nothing matched so far
  part.head = 40;
  gate.relay.who->on_log_slice(gate.relay.reads[0].reference, part);
  settle();
  REQUIRE(gate.relay.reads.size() == 2);
  CHECK(gate.relay.reads[1].what.after_seq == 20);
  for (std::uint64_t seq : {25, 30}) {
    event x;
    x.seq = seq;
    x.data = "1";
    part.deliveries.push_back({std::make_shared<const event>(x), nullptr});
  }
  part.read_to = 30;
  gate.relay.who->on_log_slice(gate.relay.reads[1].reference, part);
  settle();
  auto got = take();
  CHECK(got["id"] == "h");
  CHECK(got["events"].size() == 2);
  CHECK(got["more"] == true);
}

TEST_CASE_METHOD(session_fixture, "a client reads a few histories at once, and one that fails is told") {
  welcome();
  for (int i = 0; i < 4; ++i) say(R"({"op":"history","id":"h"})");
  auto no = ask(R"({"op":"history","id":"one too many"})");
  CHECK(no["code"] == 429);
  CHECK(no["reason"] == "rate");
  CHECK(no["id"] == "one too many");
  answer failed;
  failed.no = {code::too_many, "store_full", "the store has too much in hand", 100, "node", 9, 9};
  gate.relay.who->on_answer(gate.relay.reads.at(0).reference, failed);
  settle();
  CHECK(take()["reason"] == "store_full");
  say(R"({"op":"history","id":"h"})");
  CHECK(gate.relay.reads.size() == 5);
}

TEST_CASE_METHOD(session_fixture, "a client that asks for more than may wait for it is not read") {
  welcome();
  auto ask_for = [this](const std::string& frame) {
    for (int i = 0; i < 3; ++i) say(frame);
    CHECK_FALSE(socket->reading);
  };
  SECTION("who is there") {
    ask_for(R"({"op":"presence","id":"p"})");
    REQUIRE(gate.relay.presences.size() == 3);
    for (auto& x : gate.relay.presences) gate.relay.who->on_presence(x.reference, {});
  }
  SECTION("runs to watch") {
    ask_for(R"({"op":"watch","run_id":"alice/c1"})");
    REQUIRE(gate.relay.watches.size() == 3);
    for (auto& x : gate.relay.watches) gate.relay.who->on_answer(x.reference, {});
  }
  SECTION("what is refused in the end") {
    ask_for(R"({"op":"presence","id":"p"})");
    answer lost;
    lost.no = {code::unavailable, "unavailable", "the namespace is gone", 1000, {}, 0, 0};
    for (auto& x : gate.relay.presences) gate.relay.who->on_answer(x.reference, lost);
  }
  SECTION("history") {
    ask_for(R"({"op":"history","id":"h"})");
    REQUIRE(gate.relay.reads.size() == 3);
    for (auto& x : gate.relay.reads) gate.relay.who->on_log_slice(x.reference, {});
  }
  settle();
  CHECK(socket->reading);
}

TEST_CASE_METHOD(session_fixture, "a history is cut where half of what may wait for the client is full") {
  welcome();
  say(R"({"op":"history","id":"h","limit":1000})");
  log_slice part;
  part.head = part.read_to = 10;
  for (std::uint64_t seq = 1; seq <= 10; ++seq) {
    event x;
    x.seq = seq;
    x.data = '"' + std::string(60'000, 'x') + '"';
    part.deliveries.push_back({std::make_shared<const event>(x), nullptr});
  }
  gate.relay.who->on_log_slice(gate.relay.reads.at(0).reference, part);
  settle();
  auto got = take();
  CHECK(got["events"].size() == 3);
  CHECK(got["more"] == true);
}

TEST_CASE_METHOD(session_fixture, "presence and receipts go to the client as the protocol says") {
  welcome();
  say(R"({"op":"presence","id":"p","limit":3})");
  REQUIRE(gate.relay.presences.size() == 1);
  CHECK(gate.relay.presences[0].what.limit == 3);
  CHECK(gate.relay.presences[0].what.max_bytes == shared->bounds->of_node().outbound_bytes / 2);
  gate.relay.who->on_presence(gate.relay.presences[0].reference, {0, 1, {{"alice", 5, 2, "{}"}}});
  settle();
  CHECK(take()["clients"][0]["connections"] == 2);
  gate.relay.who->on_notice({7, receipt_notice{"alice/m1", receipt_kind::acked, 2, {"bob"}}});
  settle();
  CHECK(take()["count"] == 2);
}
