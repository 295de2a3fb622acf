// The checker against histories made by hand: each rule is broken once, and named.
#include "tests/crash/checker.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace weir::test;

namespace {

void add_event(history& run, const std::string& type, const std::string& client = "alice",
               const std::string& prev = {}) {
  auto seq = run.log.size() + 1;
  auto event_id = client + "/m" + std::to_string(seq);
  run.log.push_back({seq, event_id, client, type, prev, false, 100 + seq, {}});
  if (client == "alice") run.publishes.push_back({client, event_id, type, 100 + seq, {{seq, false}}});
}

/// Six events, of which one causes another, one is a job, and three are a chain; a session that saw all, and
/// a worker.
history sound_history() {
  history run;
  run.epoch = "e1";
  run.queue_pattern = "job.*";
  add_event(run, "chat.a");
  add_event(run, "chat.b", "alice", "alice/m1");
  add_event(run, "job.x");
  add_event(run, "chain.a.1");
  add_event(run, "chain.b.1", "agent:ab");
  add_event(run, "chain.c.1", "agent:bc");
  session_record bob;
  bob.name = "bob";
  bob.subscriptions.push_back({">", 0, 0});
  bob.welcomes.push_back({"e1", 0, 0, false, false, 0});
  for (auto& x : run.log) bob.events.push_back({x.seq, x.event_id, x.content, 0});
  run.sessions.push_back(bob);
  run.jobs.push_back({"w1", "alice/m3", 50, true, 10, 0});
  return run;
}

void move_in_log(history& run, std::size_t from, std::size_t to) {
  std::swap(run.log[from].event_id, run.log[to].event_id);
}

} // namespace

TEST_CASE("a sound history passes the checker", "[checker]") {
  auto out = check(sound_history());
  INFO(out.text());
  CHECK(out.ok());
}

TEST_CASE("the checker's patterns mean what the protocol says", "[checker]") {
  CHECK(is_meant("chat.*.message", "chat.r1.message"));
  CHECK(is_meant("chat.>", "chat.r1.message"));
  CHECK(is_meant(">", "chat"));
  CHECK(is_meant("chat", "chat"));
  CHECK_FALSE(is_meant("chat.>", "chat"));
  CHECK_FALSE(is_meant("chat.*", "chat"));
  CHECK_FALSE(is_meant("chat.*", "chat.r1.message"));
  CHECK_FALSE(is_meant("chat", "chat.r1"));
  CHECK_FALSE(is_meant("chat.r1", "chat.r10"));
}

TEST_CASE("the checker names what is wrong with the log", "[checker]") {
  auto run = sound_history();
  std::string rule;
  SECTION("an acknowledged event is gone") {
    run.log.erase(run.log.begin() + 1);
    rule = "lost";
  }
  SECTION("its place is empty") {
    run.log.erase(run.log.begin() + 1);
    rule = "hole";
  }
  SECTION("it is elsewhere than it was acknowledged") {
    move_in_log(run, 0, 2);
    rule = "moved";
  }
  SECTION("a repeat was acknowledged elsewhere") {
    run.publishes[0].oks.push_back({4, true});
    rule = "moved";
  }
  SECTION("its data is another") {
    run.log[0].content = 7;
    rule = "changed";
  }
  SECTION("an event is there twice") {
    run.log.push_back(run.log[0]);
    run.log.back().seq = 7;
    rule = "twice";
  }
  SECTION("positions go back") {
    std::swap(run.log[0], run.log[1]);
    rule = "order";
  }
  SECTION("nobody published it") {
    run.publishes.pop_back();
    rule = "stranger";
  }
  SECTION("a publish has never been answered") {
    run.publishes[0].oks.clear();
    rule = "unanswered";
  }
  SECTION("an event comes before its predecessor") {
    run.log[0].prev_event_id = "alice/m2";
    rule = "causal";
  }
  SECTION("its predecessor is not there") {
    run.log[0].prev_event_id = "alice/m99";
    rule = "causal";
  }
  auto out = check(run);
  INFO(rule << " expected, found\n" << out.text());
  CHECK(out.has(rule));
}

TEST_CASE("an event whose predecessor never came may say so", "[checker]") {
  auto run = sound_history();
  run.log[0].prev_event_id = "alice/m99";
  run.log[0].causal_gap = true;
  CHECK(check(run).ok());
}

TEST_CASE("the checker names what is wrong with a session", "[checker]") {
  auto run = sound_history();
  auto& bob = run.sessions[0];
  std::string rule;
  SECTION("it missed an event") {
    bob.events.erase(bob.events.begin() + 2);
    rule = "missed";
  }
  SECTION("it missed the newest") {
    bob.events.pop_back();
    rule = "missed";
  }
  SECTION("it saw one twice") {
    bob.events.push_back(bob.events.back());
    rule = "repeated";
  }
  SECTION("it saw two the wrong way round") {
    std::swap(bob.events[1], bob.events[2]);
    rule = "reordered";
  }
  SECTION("it saw one that is not in the log") {
    bob.events[1].event_id = "alice/m99";
    rule = "unknown";
  }
  SECTION("it saw other data than the log's") {
    bob.events[1].content = 7;
    rule = "altered";
  }
  SECTION("it saw what it did not ask for") {
    bob.subscriptions[0].pattern = "chat.*";
    rule = "unwanted";
  }
  SECTION("it saw what came before it asked") {
    bob.subscriptions[0].maybe_after = bob.subscriptions[0].after = 1;
    rule = "unwanted";
  }
  SECTION("it was told of a gap") {
    bob.gaps.push_back({2, 3, "trimmed"});
    rule = "gap";
  }
  SECTION("it was not recovered") {
    bob.welcomes.push_back({"e1", 6, 3, true, false, 0});
    rule = "unrecovered";
  }
  SECTION("it was welcomed to another epoch") {
    bob.welcomes.push_back({"e2", 6, 3, true, true, 0});
    rule = "epoch";
  }
  SECTION("a subscribe has never been answered") {
    bob.subscriptions.push_back({"chat.a", 0, UINT64_MAX});
    rule = "unanswered";
  }
  SECTION("the head went back") {
    bob.welcomes.push_back({"e1", 2, 3, true, true, 0});
    rule = "rewound";
  }
  auto out = check(run);
  INFO(rule << " expected, found\n" << out.text());
  CHECK(out.has(rule));
}

TEST_CASE("a gap among ephemeral events breaks no promise", "[checker]") {
  auto run = sound_history();
  run.sessions[0].gaps.push_back({2, 3, "ephemeral_dropped"});
  CHECK(check(run).ok());
}

TEST_CASE("what came around an unanswered subscribe may have been seen or not", "[checker]") {
  auto run = sound_history();
  auto& bob = run.sessions[0];
  bob.subscriptions[0] = {">", 0, 3};
  CHECK(check(run).ok());
  bob.events.erase(bob.events.begin() + 2);
  CHECK(check(run).ok());
  bob.events.erase(bob.events.begin() + 2);
  CHECK(check(run).has("missed"));
}

TEST_CASE("a session that left need not have seen what came after", "[checker]") {
  auto run = sound_history();
  auto& bob = run.sessions[0];
  bob.events.pop_back();
  bob.to_the_end = false;
  CHECK(check(run).ok());
  bob.events.erase(bob.events.begin());
  CHECK(check(run).has("missed"));
}

TEST_CASE("the checker names what is wrong with a chain of agents", "[checker]") {
  auto run = sound_history();
  run.sessions.clear();
  SECTION("an effect is missing") { run.log.pop_back(); }
  SECTION("an effect came twice") { add_event(run, "chain.c.1", "agent:bc"); }
  SECTION("an effect has no cause") { add_event(run, "chain.b.2", "agent:ab"); }
  auto out = check(run);
  INFO(out.text());
  CHECK(out.has("chain"));
}

TEST_CASE("an event that was in an agent's hands at two deaths need have no effect", "[checker]") {
  auto run = sound_history();
  run.sessions.clear();
  auto cause = std::find_if(run.log.begin(), run.log.end(), [](auto& x) { return x.type == "chain.b.1"; });
  REQUIRE(cause != run.log.end());
  auto id = cause->event_id;
  std::erase_if(run.log, [](auto& x) { return x.type == "chain.c.1"; });
  CHECK(check(run).has("chain"));
  add_event(run, "sys.agent.dead_letter", "sys");
  run.log.back().dead_letter = id;
  CHECK_FALSE(check(run).has("chain"));
}

TEST_CASE("the checker names what is wrong with a queue", "[checker]") {
  auto run = sound_history();
  run.sessions.clear();
  SECTION("a job went to nobody") {
    run.jobs.clear();
    CHECK(check(run).has("unserved"));
    add_event(run, "sys.agent.dead_letter", "sys");
    run.log.back().dead_letter = "alice/m3";
    CHECK(check(run).ok());
  }
  SECTION("a job was never acked") {
    run.jobs[0].acked = false;
    CHECK(check(run).has("unserved"));
  }
  SECTION("an acked job went to another") {
    run.jobs.push_back({"w2", "alice/m3", 90, true, 20, 0});
    CHECK(check(run).has("served_again"));
    SECTION("which is right after a crash") {
      run.kills = {60};
      CHECK(check(run).ok());
    }
    SECTION("which is right when the first one's connection broke") {
      run.jobs[0].connection_cut = 70;
      CHECK(check(run).ok());
    }
    SECTION("but a crash before or after is no excuse") {
      run.kills = {5, 95};
      CHECK(check(run).has("served_again"));
    }
  }
}

TEST_CASE("a client's own complaint is a finding", "[checker]") {
  auto run = sound_history();
  run.faults.push_back("alice: error 500");
  CHECK(check(run).has("fault"));
}
