#include "actors/namespace/sequencer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <nlohmann/json.hpp>

#include <random>
#include <set>

using namespace weir;

namespace {

event make(std::string message_id, std::string prev = {}, std::int64_t now_ms = 0, std::string data = "1") {
  event out;
  out.type = "a.b";
  out.client_id = "alice";
  out.message_id = std::move(message_id);
  out.prev_event_id = prev.empty() ? "" : "alice/" + prev;
  out.ts_ms = now_ms;
  out.data = std::move(data);
  return out;
}

sequencer::config settings() { return {{}, "e1", nullptr, false}; }

/// Both clocks show the event's time stamp.
bool submit_to(sequencer& to, event x, asker who, bool ephemeral = false) {
  auto now_ms = x.ts_ms;
  return to.submit(std::move(x), who, now_ms, ephemeral);
}

/// A sequencer, and a store that keeps what it is given when the test says so.
struct bench {
  explicit bench(sequencer::config cfg = settings()) : seq(std::move(cfg)) {}

  void submit(event x, bool ephemeral = false) { submit_to(seq, std::move(x), {1, ++tickets}, ephemeral); }

  /// Seals what is open; gives the batch's id, or 0.
  std::uint64_t seal() {
    auto batch = seq.seal();
    return batch ? batch->id : 0;
  }

  /// Keeps all that is open.
  sequencer::settled keep() {
    if (auto id = seal()) seq.on_kept(id);
    return seq.take_settled();
  }

  sequencer seq;
  std::uint64_t tickets = 0;
};

std::string ids(const sequencer::settled& x) {
  std::string out;
  for (auto& y : x.deliveries) out += (out.empty() ? "" : " ") + y.what->message_id;
  return out;
}

} // namespace

TEST_CASE("events get consecutive seqs in the order in which they come") {
  bench x;
  x.submit(make("m1", {}, 5));
  x.submit(make("m2", {}, 6));
  auto got = x.keep();
  REQUIRE(got.answers.size() == 2);
  CHECK(got.answers[0].first.ticket == 1);
  CHECK(got.answers[0].second.seq == 1);
  CHECK(got.answers[1].second.seq == 2);
  CHECK(ids(got) == "m1 m2");
  CHECK(got.deliveries[1].what->ts_ms == 6);
  CHECK(x.keep().deliveries.empty());
}

TEST_CASE("nothing is answered, delivered or in the log before it is kept") {
  bench x;
  x.submit(make("m1"));
  auto id = x.seal();
  auto early = x.seq.take_settled();
  CHECK(early.answers.empty());
  CHECK(early.deliveries.empty());
  CHECK(x.seq.log().head() == 0);
  x.seq.on_kept(id);
  CHECK(x.seq.take_settled().answers.size() == 1);
  CHECK(x.seq.log().head() == 1);
}

TEST_CASE("a repeat is answered with the first seq and delivered to nobody") {
  bench x;
  x.submit(make("m1"));
  x.keep();
  x.submit(make("m1"));
  auto again = x.seq.take_settled();
  REQUIRE(again.answers.size() == 1);
  CHECK(again.answers[0].second.seq == 1);
  CHECK(again.answers[0].second.duplicate);
  CHECK(!again.answers[0].second.no.refused());
  CHECK(x.seal() == 0);
}

TEST_CASE("a repeat of an event on its way is answered when that is kept, and refused when it is not") {
  bench x;
  x.submit(make("m1"));
  auto id = x.seal();
  x.submit(make("m1"));
  CHECK(x.seal() == 0);
  CHECK(x.seq.take_settled().answers.empty());
  SECTION("kept") {
    x.seq.on_kept(id);
    auto got = x.seq.take_settled();
    REQUIRE(got.answers.size() == 2);
    CHECK(got.answers[1].second.duplicate);
    CHECK(got.deliveries.size() == 1);
  }
  SECTION("not kept") {
    x.seq.on_failed(id, {code::unavailable, "unavailable", "the disk is full", 1000, {}, 0, 0});
    auto got = x.seq.take_settled();
    REQUIRE(got.answers.size() == 2);
    CHECK(got.answers[0].second.no.status == code::unavailable);
    CHECK(got.answers[1].second.no.status == code::unavailable);
    CHECK(got.deliveries.empty());
  }
}

TEST_CASE("what could not be kept is as if it had never come, with all that came after it") {
  bench x;
  x.submit(make("m1"));
  x.keep();
  x.submit(make("m2"));
  auto second = x.seal();
  x.submit(make("m3"));
  auto third = x.seal();
  x.submit(make("e1"), true);
  x.submit(make("m4"));
  x.seq.on_failed(second, {code::unavailable, "unavailable", "no", 1000, {}, 0, 0});
  auto got = x.seq.take_settled();
  CHECK(got.answers.size() == 4);
  CHECK(ids(got) == "e1"); // it needs no store
  x.seq.on_failed(third, {code::unavailable, "unavailable", "no", 1000, {}, 0, 0});
  CHECK(x.seq.take_settled().answers.empty());
  x.submit(make("m3"));
  auto again = x.keep();
  REQUIRE(again.answers.size() == 1);
  CHECK(again.answers[0].second.seq == 2);
  CHECK(!again.answers[0].second.duplicate);
}

TEST_CASE("the same id with other content is a conflict and changes nothing") {
  bench x;
  x.submit(make("m1"));
  x.keep();
  x.submit(make("m1", {}, 1, "2"));
  auto addressed = make("m1");
  addressed.to = "bob";
  x.submit(addressed);
  auto got = x.keep();
  REQUIRE(got.answers.size() == 2);
  for (auto& [who, reply] : got.answers) {
    CHECK(reply.no.status == code::conflict);
    CHECK(reply.no.reason == "conflict");
  }
  CHECK(x.seq.log().head() == 1);
}

TEST_CASE("an ephemeral event is delivered in its turn without a seq, and is not kept") {
  bench x;
  x.submit(make("e0"), true);
  CHECK(x.seal() == 0);
  CHECK(ids(x.seq.take_settled()) == "e0");
  x.submit(make("m1"));
  auto id = x.seal();
  x.submit(make("e1"), true);
  CHECK(x.seal() == 0);
  CHECK(x.seq.take_settled().deliveries.empty()); // m1 goes before it
  x.seq.on_kept(id);
  auto got = x.seq.take_settled();
  CHECK(ids(got) == "m1 e1");
  CHECK(got.deliveries[1].what->ephemeral());
  CHECK(x.seq.log().head() == 1);
}

TEST_CASE("an event waits for its predecessor, and those that wait for it as well") {
  bench x;
  x.submit(make("m3", "m2"));
  x.submit(make("m2", "m1"));
  CHECK(x.seal() == 0);
  CHECK(x.seq.held() == 2);
  x.submit(make("m1"));
  auto got = x.keep();
  CHECK(ids(got) == "m1 m2 m3");
  CHECK(x.seq.held() == 0);
  for (auto& y : got.deliveries) CHECK(!y.what->causal_gap);
}

TEST_CASE("an event whose predecessor never comes is delivered with a gap, or refused") {
  auto cfg = settings();
  cfg.bounds.causal_wait_ms = 100;
  SECTION("delivered") {
    bench x{cfg};
    x.submit(make("m2", "m1"));
    x.submit(make("m3", "m2"));
    CHECK(x.seq.next_expiry_ms() == 100);
    x.seq.expire({99, 99});
    CHECK(x.seal() == 0);
    x.seq.expire({100, 100});
    auto got = x.keep();
    CHECK(ids(got) == "m2 m3");
    CHECK(got.deliveries[0].what->causal_gap);
    CHECK(!got.deliveries[1].what->causal_gap);
  }
  SECTION("refused") {
    cfg.refuse_orphans = true;
    bench x{cfg};
    x.submit(make("m2", "m1"));
    x.seq.expire({100, 100});
    auto got = x.keep();
    REQUIRE(got.answers.size() == 1);
    CHECK(got.answers[0].second.no.status == code::conflict);
    CHECK(got.answers[0].second.no.reason == "predecessor_missing");
    CHECK(got.deliveries.empty());
  }
}

TEST_CASE("above its bound the causal buffer refuses the newcomer") {
  auto cfg = settings();
  cfg.bounds.causal_events = 2;
  bench x{cfg};
  for (auto* id : {"m2", "m3", "m4"}) x.submit(make(id, "m1"));
  auto got = x.seq.take_settled();
  REQUIRE(got.answers.size() == 1);
  auto& no = got.answers[0].second.no;
  CHECK(no.status == code::too_many);
  CHECK(no.reason == "causal_full");
  CHECK(no.retry_after_ms > 0);
  CHECK(no.depth == 2);
  CHECK(no.limit == 2);
}

TEST_CASE("a predecessor that is in the log past the window counts as there") {
  auto cfg = settings();
  cfg.bounds.dedupe_ids = 1;
  bench x{cfg};
  x.submit(make("m1"));
  x.submit(make("m2"));
  x.keep();
  SECTION("in memory") {
    x.submit(make("m3", "m1"));
    CHECK(ids(x.keep()) == "m3");
  }
  SECTION("in the store it is looked up") {
    x.seq.set_stored_from(1);
    CHECK(submit_to(x.seq, make("m3", "m1"), {1, 9}));
    CHECK(x.seal() == 0);
    x.seq.on_predecessor("alice/m1", {5, 5});
    CHECK(ids(x.keep()) == "m3");
  }
}

TEST_CASE("a call is an event whose data holds the target and the input") {
  bench x;
  call_request what;
  what.target = "assistant";
  what.client_id = "alice";
  what.message_id = "m1";
  what.input = R"({"text":"hi"})";
  what.timeout_ms = 500;
  x.submit(event_of(what, 0));
  auto got = x.keep();
  REQUIRE(got.deliveries.size() == 1);
  CHECK(got.deliveries[0].what->type == "sys.call.assistant");
  auto data = nlohmann::json::parse(got.deliveries[0].what->data);
  CHECK(data == nlohmann::json{{"target", "assistant"}, {"timeout_ms", 500}, {"input", {{"text", "hi"}}}});
}

TEST_CASE("an event is encoded once, when it is kept") {
  static int encoded;
  encoded = 0;
  auto cfg = settings();
  cfg.encode = [](const event& e) {
    ++encoded;
    return std::make_shared<const std::string>(e.type);
  };
  bench x{cfg};
  x.submit(make("m1"));
  x.submit(make("m1"));
  auto got = x.keep();
  CHECK(encoded == 1);
  CHECK(*got.deliveries.at(0).frame == "a.b");
}

TEST_CASE("a successor goes on where the log and the window were") {
  bench x;
  x.seq.resume("e0", 6);
  auto old = make("m7");
  old.seq = 7;
  x.seq.restore("alice/m7", {7, 1}, 0);
  x.seq.restore(std::make_shared<const event>(old));
  CHECK(x.seq.log().head() == 7);
  CHECK(x.seq.log().first_kept() == 7);
  x.submit(make("m8", "m7"));
  x.submit(make("m7"));
  auto got = x.keep();
  REQUIRE(got.answers.size() == 2);
  CHECK(got.answers[1].second.seq == 8);
  CHECK(got.answers[0].second.no.reason == "conflict"); // another content's hash
}

// -- against a model: whatever comes in whatever order, and whatever the store does

TEST_CASE("the sequencer keeps its promises whatever comes, fails and repeats") {
  auto seed = GENERATE(range(1, 40));
  std::mt19937 random(static_cast<unsigned>(seed));
  auto cfg = settings();
  cfg.bounds.causal_events = 8;
  cfg.bounds.causal_wait_ms = 20;
  bench x{cfg};
  std::deque<std::uint64_t> batches;
  std::map<std::string, std::uint64_t> kept;  // by message id
  std::map<std::uint64_t, std::string> asked; // by ticket
  std::set<std::string> with_gap;
  std::int64_t now = 0;
  std::uint64_t last_seq = 0;
  INFO("seed " << seed);

  auto take = [&] {
    auto got = x.seq.take_settled();
    for (auto& y : got.deliveries) {
      if (y.what->ephemeral()) continue;
      REQUIRE(y.what->seq == ++last_seq);                            // total order, no hole
      REQUIRE(kept.emplace(y.what->message_id, y.what->seq).second); // once
      auto prev = y.what->prev_event_id;
      if (prev.empty() || y.what->causal_gap) continue;
      auto before = kept.find(prev.substr(6));
      REQUIRE(before != kept.end());
      REQUIRE(before->second < y.what->seq);
    }
    for (auto& [who, reply] : got.answers) {
      auto node = asked.extract(who.ticket);
      REQUIRE(!node.empty()); // answered once
      if (reply.no.refused() || reply.seq == 0) continue;
      REQUIRE(kept.at(node.mapped()) == reply.seq);
    }
  };

  for (int step = 0; step < 800; ++step) {
    now += static_cast<std::int64_t>(random() % 4);
    switch (random() % 6) {
    case 0:
    case 1:
    case 2: {
      auto n = random() % 200;
      auto id = "m" + std::to_string(n);
      auto prev = n % 3 == 0 ? "" : "m" + std::to_string(n - n % 3); // of threes, the others need the first
      asked[x.tickets + 1] = id;
      x.submit(make(id, prev, now), random() % 10 == 0);
      break;
    }
    case 3:
      if (auto id = x.seal()) batches.push_back(id);
      break;
    case 4:
      x.seq.expire({now, now});
      break;
    default:
      if (batches.empty()) break;
      if (random() % 4 > 0) {
        x.seq.on_kept(batches.front());
        batches.pop_front();
      } else {
        for (auto id : std::exchange(batches, {}))
          x.seq.on_failed(id, {code::unavailable, "unavailable", "no", 1, {}, 0, 0});
      }
    }
    take();
  }
  x.seq.expire({now + 1000, now + 1000});
  if (auto id = x.seal()) batches.push_back(id);
  for (auto id : batches) x.seq.on_kept(id);
  take();
  CHECK(asked.empty());
  CHECK(x.seq.log().head() == last_seq);
}
