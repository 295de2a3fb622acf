#include "tests/store/store_kinds.hpp"

using namespace weir;
using namespace weir::test;

using seq_list = std::vector<std::uint64_t>;

WEIR_STORE_TEST("a namespace that was never written to has an empty log without an epoch") {
  TestType kind;
  auto state = must((*kind).state_of_log("demo"));
  CHECK(state.epoch.empty());
  CHECK(state.first_kept == 1);
  CHECK(state.head == 0);
  CHECK(state.count() == 0);
  CHECK(state.bytes == 0);
  CHECK(must((*kind).read_log("demo", all_after(0))).records.empty());
  CHECK(!must((*kind).find_event("demo", "alice", "m1")));
  CHECK(must((*kind).newest_ids("demo", 10, 600'000)).empty());
}

WEIR_STORE_TEST("an event comes back from the log as it went in") {
  TestType kind;
  auto in = record(1);
  commit_one(*kind, log_append{"demo", "e1", {in}});
  auto out = must((*kind).read_log("demo", all_after(0)));
  REQUIRE(out.records.size() == 1);
  auto& x = *out.records[0].what;
  CHECK(x.seq == 1);
  CHECK(x.type == in.what->type);
  CHECK(x.client_id == in.what->client_id);
  CHECK(x.message_id == in.what->message_id);
  CHECK(x.prev_event_id == in.what->prev_event_id);
  CHECK(x.to == in.what->to);
  CHECK(x.ts_ms == in.what->ts_ms);
  CHECK(x.data == in.what->data);
  CHECK(x.causal_gap == in.what->causal_gap);
  CHECK(out.records[0].content_hash == in.content_hash);
  CHECK(must((*kind).state_of_log("demo")).bytes == in.what->size_bytes());
}

WEIR_STORE_TEST("events that do not follow the head are refused and change nothing") {
  TestType kind;
  commit_one(*kind, append("demo", 1, 3));
  for (auto first : {std::uint64_t{1}, std::uint64_t{3}, std::uint64_t{5}}) {
    auto no = commit(*kind, 0, append("demo", first, first + 1)).at(0).no;
    CHECK(no.status == code::conflict);
    CHECK(no.reason == store_reason::out_of_order);
    CHECK(no.message.find("does not follow") != std::string::npos);
  }
  log_append hole{"demo", "e1", {record(4), record(6)}};
  CHECK(commit(*kind, 0, hole).at(0).no.reason == store_reason::out_of_order);
  CHECK(commit(*kind, 0, append("other", 2, 2)).at(0).no.refused());
  CHECK(must((*kind).state_of_log("demo")).head == 3);
  commit_one(*kind, append("demo", 4, 5));
  CHECK(seqs(must((*kind).read_log("demo", all_after(0)))) == seq_list{1, 2, 3, 4, 5});
}

WEIR_STORE_TEST("an append under another epoch is refused") {
  TestType kind;
  commit_one(*kind, append("demo", 1, 1, "e1"));
  CHECK(commit(*kind, 0, append("demo", 2, 2, "e2")).at(0).no.reason == store_reason::other_epoch);
}

WEIR_STORE_TEST("a refused write leaves its neighbours in the batch and in the group alone") {
  TestType kind;
  auto results = commit(*kind, 0, append("a", 1, 2), append("a", 9, 9), append("b", 1, 1), append("a", 3, 3));
  CHECK(!results[0].no.refused());
  CHECK(results[1].no.refused());
  CHECK(!results[2].no.refused());
  CHECK(!results[3].no.refused());

  store_batch first{1, durability::process, {{append("a", 4, 4), {}}, {append("b", 7, 7), {}}}};
  store_batch second{2, durability::power, {{append("b", 2, 2), {}}}};
  std::vector<const store_batch*> group{&first, &second};
  auto out = (*kind).write(group, 0);
  REQUIRE(!out.no.refused());
  REQUIRE(out.batches.size() == 2);
  CHECK(!out.batches[0][0].no.refused());
  CHECK(out.batches[0][1].no.refused());
  CHECK(!out.batches[1][0].no.refused());
  CHECK(must((*kind).state_of_log("a")).head == 4);
  CHECK(must((*kind).state_of_log("b")).head == 2);
}

WEIR_STORE_TEST("a log reads forward from a seq, up to a limit") {
  TestType kind;
  commit_one(*kind, append("demo", 1, 10));
  auto out = must((*kind).read_log("demo", all_after(2, 3)));
  CHECK(seqs(out) == seq_list{3, 4, 5});
  CHECK(out.read_to == 5);
  CHECK(out.first_kept == 1);
  CHECK(out.head == 10);
  out = must((*kind).read_log("demo", all_after(8)));
  CHECK(seqs(out) == seq_list{9, 10});
  CHECK(out.read_to == 10);
  CHECK(must((*kind).read_log("demo", all_after(10))).records.empty());
  CHECK(must((*kind).read_log("demo", all_after(99))).records.empty());
  CHECK(must((*kind).read_log("demo", all_after(0, 0))).records.empty());
}

WEIR_STORE_TEST("a log reads backward the newest before a seq, in order") {
  TestType kind;
  commit_one(*kind, append("demo", 1, 10));
  auto what = all_after(0, 3);
  what.before_seq = 8;
  auto out = must((*kind).read_log("demo", what));
  CHECK(seqs(out) == seq_list{5, 6, 7});
  CHECK(out.read_to == 5);
  what.before_seq = 1000;
  CHECK(seqs(must((*kind).read_log("demo", what))) == seq_list{8, 9, 10});
  what.before_seq = 2;
  CHECK(seqs(must((*kind).read_log("demo", what))) == seq_list{1});
  what.before_seq = 1;
  CHECK(must((*kind).read_log("demo", what)).records.empty());
}

WEIR_STORE_TEST("a log gives only what matches a pattern and is for the client") {
  TestType kind;
  log_append in{"demo",
                "e1",
                {record(1, "a", "chat.x"), record(2, "b", "chat.x", "bob"), record(3, "c", "sys.y"),
                 record(4, "d", "chat.z", "carol")}};
  commit_one(*kind, in);
  auto what = all_after(0);
  what.patterns = {"chat.*", "chat.x"};
  CHECK(seqs(must((*kind).read_log("demo", what))) == seq_list{1, 2, 4});
  what.client_id = "bob";
  auto out = must((*kind).read_log("demo", what));
  CHECK(seqs(out) == seq_list{1, 2});
  CHECK(out.read_to == 4);
  what.patterns = {};
  CHECK(must((*kind).read_log("demo", what)).records.empty());
}

WEIR_STORE_TEST("a read that matches little ends in bounded time and goes on from where it was") {
  TestType kind;
  auto n = store::max_scanned_events + 100;
  commit_one(*kind, append("demo", 1, n));
  commit_one(*kind, log_append{"demo", "e1", {record(n + 1, "rare", "rare")}});
  auto what = all_after(0);
  what.patterns = {"rare"};
  auto out = must((*kind).read_log("demo", what));
  CHECK(out.records.empty());
  CHECK(out.read_to == store::max_scanned_events);
  what.after_seq = out.read_to;
  out = must((*kind).read_log("demo", what));
  CHECK(seqs(out) == seq_list{n + 1});
  CHECK(out.read_to == out.head);

  what = all_after(0, 10);
  what.patterns = {"none"};
  what.before_seq = n + 1;
  CHECK(must((*kind).read_log("demo", what)).read_to == 101);
}

WEIR_STORE_TEST("a read ends with the event that passes its bound in bytes") {
  TestType kind;
  log_append in{"demo", "e1", {}};
  for (std::uint64_t seq = 1; seq <= 10; ++seq) {
    auto x = std::make_shared<event>(*record(seq).what);
    x->data = '"' + std::string(256 * 1024, 'x') + '"';
    in.records.push_back({x, 1});
  }
  commit_one(*kind, in);
  auto out = must((*kind).read_log("demo", all_after(0)));
  CHECK(seqs(out) == seq_list{1, 2, 3, 4});
  CHECK(out.read_to == 4);
  CHECK(out.records[3].what->data == in.records[3].what->data);
}

WEIR_STORE_TEST("a read ends with the event that reaches the bytes that it asks for") {
  TestType kind;
  commit_one(*kind, append("demo", 1, 20));
  auto one = record(1).what->size_bytes();
  auto what = all_after(3);
  what.max_bytes = 2 * one;
  auto found = must((*kind).read_log("demo", what));
  CHECK(seqs(found) == seq_list{4, 5});
  CHECK(found.read_to == 5);
  what.max_bytes = 1;
  CHECK(seqs(must((*kind).read_log("demo", what))) == seq_list{4});
}

WEIR_STORE_TEST("a trim drops the oldest at once") {
  TestType kind;
  commit_one(*kind, append("demo", 1, 10));
  commit_one(*kind, log_trim{"demo", 8});
  auto state = must((*kind).state_of_log("demo"));
  CHECK(state.first_kept == 8);
  CHECK(state.count() == 3);
  CHECK(state.bytes == 2 * record(8).what->size_bytes() + record(10).what->size_bytes());
  auto out = must((*kind).read_log("demo", all_after(0)));
  CHECK(seqs(out) == seq_list{8, 9, 10});
  CHECK(out.first_kept == 8);
  auto what = all_after(0, 100);
  what.before_seq = 10;
  CHECK(seqs(must((*kind).read_log("demo", what))) == seq_list{8, 9});
  CHECK(!must((*kind).find_event("demo", "alice", "m7")));
  CHECK(must((*kind).find_event("demo", "alice", "m8")));
}

WEIR_STORE_TEST("a trim never goes back nor beyond the head, and the next seq stays") {
  TestType kind;
  commit_one(*kind, append("demo", 1, 4));
  commit_one(*kind, log_trim{"demo", 3});
  commit_one(*kind, log_trim{"demo", 1});
  CHECK(must((*kind).state_of_log("demo")).first_kept == 3);
  commit_one(*kind, log_trim{"demo", 1000});
  auto state = must((*kind).state_of_log("demo"));
  CHECK(state.first_kept == 5);
  CHECK(state.count() == 0);
  CHECK(state.bytes == 0);
  commit_one(*kind, append("demo", 5, 5));
  CHECK(seqs(must((*kind).read_log("demo", all_after(0)))) == seq_list{5});
  commit_one(*kind, log_trim{"unknown", 7});
  CHECK(must((*kind).state_of_log("unknown")).first_kept == 1);
}

WEIR_STORE_TEST("a reset begins a new history in the place of the old one, once") {
  TestType kind;
  commit_one(*kind, append("demo", 1, 5));
  commit_one(*kind, append("other", 1, 2));
  commit_one(*kind, log_reset{"demo", "e2"});
  auto state = must((*kind).state_of_log("demo"));
  CHECK(state.epoch == "e2");
  CHECK(state.head == 0);
  CHECK(state.bytes == 0);
  CHECK(!must((*kind).find_event("demo", "alice", "m1")));
  CHECK(must((*kind).read_log("demo", all_after(0))).records.empty());

  commit_one(*kind, append("demo", 1, 2, "e2"));
  commit_one(*kind, log_reset{"demo", "e2"}); // again: nothing
  CHECK(must((*kind).state_of_log("demo")).head == 2);
  CHECK(must((*kind).state_of_log("other")).head == 2);
  while (must((*kind).sweep(0, 2)) > 0) {
  }
  CHECK(seqs(must((*kind).read_log("demo", all_after(0)))) == seq_list{1, 2});
  CHECK(must((*kind).find_event("demo", "alice", "m2")));
}

WEIR_STORE_TEST("a reset after appends in the same batch drops these too") {
  TestType kind;
  commit(*kind, 0, append("demo", 1, 3), log_reset{"demo", "e2"}, append("demo", 1, 1, "e2"));
  CHECK(must((*kind).state_of_log("demo")).head == 1);
  CHECK(seqs(must((*kind).read_log("demo", all_after(0)))) == seq_list{1});
}

WEIR_STORE_TEST("an event is found by its id, in its namespace only") {
  TestType kind;
  commit_one(*kind, append("demo", 1, 100));
  auto found = must((*kind).find_event("demo", "alice", "m42"));
  REQUIRE(found);
  CHECK(found->seq == 42);
  CHECK(found->content_hash == record(42).content_hash);
  CHECK(!must((*kind).find_event("demo", "alice", "m101")));
  CHECK(!must((*kind).find_event("demo", "alic", "em42")));
  CHECK(!must((*kind).find_event("other", "alice", "m42")));
}

WEIR_STORE_TEST("of two events under one id the newer is found") {
  TestType kind;
  commit_one(*kind, log_append{"demo", "e1", {record(1, "same"), record(2), record(3, "same"), record(4)}});
  CHECK(must((*kind).find_event("demo", "alice", "same"))->seq == 3);
  commit_one(*kind, log_trim{"demo", 2});
  CHECK(must((*kind).find_event("demo", "alice", "same"))->seq == 3);
}

WEIR_STORE_TEST("the newest ids come with what a dedupe window needs, oldest first") {
  TestType kind;
  commit_one(*kind, append("demo", 1, 10));
  auto marks = must((*kind).newest_ids("demo", 3, 1000));
  REQUIRE(marks.size() == 3);
  CHECK(marks[0].event_id == "alice/m8");
  CHECK(marks[0].seq == 8);
  CHECK(marks[0].content_hash == record(8).content_hash);
  CHECK(marks[0].ts_ms == 1008);
  CHECK(marks[2].seq == 10);
  CHECK(must((*kind).newest_ids("demo", 100, 2)).size() == 2);
  commit_one(*kind, log_trim{"demo", 10});
  CHECK(must((*kind).newest_ids("demo", 100, 1000)).size() == 1);
}
