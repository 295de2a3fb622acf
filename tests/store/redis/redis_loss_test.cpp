// What becomes of calls when the connection breaks under them.

#include "actors/store/redis/redis_group.hpp"
#include "tests/store/store_kinds.hpp"
#include "tests/support/cutting_proxy.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <thread>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

namespace {

/// A store that talks to a server through a proxy.
struct behind_proxy {
  explicit behind_proxy(std::int64_t timeout_ms = 5000) {
    auto cfg = config_for(server);
    cfg.server.port = proxy.port();
    cfg.timeout_ms = timeout_ms;
    cfg.retry = {1ms, 20ms};
    impl = must(open_redis_store(cfg));
  }

  store& operator*() { return *impl; }

  redis_server& server = empty_redis();
  cutting_proxy proxy{server.port()};
  std::unique_ptr<store> impl;
};

store_batch batch(store_write what) { return {1, durability::process, {std::move(what)}}; }

/// Tries until it is not refused as a whole; each try ends by itself.
template <class F>
auto at_last(F call) {
  for (int i = 0; i < 2000; ++i, std::this_thread::sleep_for(5ms))
    if (auto out = call(); !std::holds_alternative<refusal>(out)) return must(std::move(out));
  FAIL("it is refused for ever");
  return must(call());
}

} // namespace

TEST_CASE("a group of batches is one round trip, and its results are in order", "[redis]") {
  behind_proxy x;
  std::vector<store_batch> batches;
  for (std::uint64_t i = 1; i <= 50; ++i) batches.push_back(batch({append("demo", i, i), {}}));
  batches.push_back(batch({append("demo", 99, 99), {}}));
  batches.push_back(batch({key_put{"demo", "k", "v", 100, {}}, {}}));
  std::vector<const store_batch*> group;
  for (auto& b : batches) group.push_back(&b);
  auto before = x.proxy.round_trips();
  auto out = (*x).write(group, 0);
  CHECK(x.proxy.round_trips() == before + 1);
  REQUIRE(out.batches.size() == 52);
  for (int i = 0; i < 50; ++i) CHECK(!out.batches[i][0].no.refused());
  CHECK(out.batches[50][0].no.reason == store_reason::out_of_order);
  CHECK(out.batches[51][0].version > 0);
  before = x.proxy.round_trips();
  CHECK(must((*x).read_log("demo", all_after(0))).records.size() == 50);
  CHECK(x.proxy.round_trips() == before + 1);
  before = x.proxy.round_trips();
  CHECK(must((*x).newest_ids("demo", 50, 600'000)).size() == 50);
  CHECK(x.proxy.round_trips() == before + 2);
}

TEST_CASE("a write whose answer is lost on its way is done once, and has its answer", "[redis]") {
  behind_proxy x;
  auto version = commit_one(*x, key_put{"demo", "k", "zero", 0, {}}).version;
  bool before_the_server = GENERATE(false, true);
  if (before_the_server)
    x.proxy.cut_next_request();
  else
    x.proxy.cut_next_reply();
  auto one = batch({append("demo", 1, 3), {}});
  auto two = batch({key_put{"demo", "k", "one", 0, version}, {}});
  auto wrong = batch({append("demo", 3, 3), {}});
  std::vector<const store_batch*> group{&one, &two, &wrong};
  auto out = (*x).write(group, 0);
  REQUIRE(!out.no.refused());
  CHECK(out.cause.empty());
  CHECK(!out.batches[0][0].no.refused());
  CHECK(out.batches[1][0].version == version + 1);
  CHECK(out.batches[2][0].no.reason == store_reason::out_of_order);
  CHECK(must((*x).state_of_log("demo")).head == 3);
  CHECK(must((*x).get("demo", "k", 0))->version == version + 1);
  CHECK(commit_one(*x, key_put{"demo", "k", "two", 0, {}}).version == version + 2);
}

TEST_CASE("a write that nobody knows of says so, and the log's head tells", "[redis]") {
  behind_proxy x{200};
  bool written = GENERATE(true, false);
  if (written)
    x.proxy.cut_next_reply();
  else
    x.proxy.cut_next_request();
  x.proxy.refuse(true);
  auto out = (*x).write(batch({append("demo", 1, 1), {}}), 0);
  CHECK(!out.no.refused());
  CHECK(out.cause == "lost");
  auto& one = out.batches.at(0).at(0);
  CHECK(one.no.status == code::unavailable);
  CHECK(one.no.retry_after_ms > 0);
  CHECK(one.maybe_written);
  auto again = (*x).write(batch({append("demo", 1, 1), {}}), 0);
  CHECK(again.no.status == code::unavailable); // no connection: certainly not done
  CHECK(again.batches.empty());
  x.proxy.refuse(false);
  CHECK(at_last([&] { return (*x).state_of_log("demo"); }).head == (written ? 1 : 0));
  auto next = commit(*x, 0, append("demo", 1, 1)).at(0);
  CHECK(next.no.reason == (written ? store_reason::out_of_order : ""));
}

TEST_CASE("a read whose connection breaks is done again over a new one", "[redis]") {
  behind_proxy x;
  commit_one(*x, append("demo", 1, 3));
  x.proxy.cut_next_reply();
  CHECK(must((*x).read_log("demo", all_after(0))).records.size() == 3);
  x.proxy.cut_next_request();
  CHECK(must((*x).acquire("ns/demo", "n1", 100, 0)).epoch == 1);
  x.proxy.cut_next_reply();
  CHECK(must((*x).acquire("ns/demo", "n1", 100, 0)).epoch == 1);
  x.proxy.cut_next_reply();
  CHECK(must((*x).sweep(0, 10)) == 0);
}

TEST_CASE("a store goes on by itself when its server was killed and is back", "[redis]") {
  redis_server server;
  auto cfg = config_for(server);
  cfg.timeout_ms = 200;
  cfg.retry = {1ms, 20ms};
  auto x = must(open_redis_store(cfg));
  commit_one(*x, append("demo", 1, 10));
  server.kill();
  auto lost = x->write(batch({append("demo", 11, 11), {}}), 0);
  CHECK((lost.no.refused() || lost.batches.at(0).at(0).no.status == code::unavailable));
  auto no = std::get<refusal>(x->get("demo", "k", 0));
  CHECK(no.status == code::unavailable);
  CHECK(no.reason == "unavailable");
  CHECK(no.retry_after_ms > 0);
  CHECK(std::holds_alternative<refusal>(x->sweep(0, 10)));
  CHECK(std::holds_alternative<refusal>(x->acquire("ns/demo", "n1", 100, 0)));
  server.start();
  CHECK(at_last([&] { return x->state_of_log("demo"); }).head == 10);
  commit_one(*x, append("demo", 11, 12));
  CHECK(must(x->read_log("demo", all_after(0))).records.size() == 12);
}

TEST_CASE("what a server that had stopped does too late spoils nothing", "[redis]") {
  redis_server server;
  auto cfg = config_for(server);
  cfg.timeout_ms = 100;
  cfg.retry = {1ms, 20ms};
  auto x = must(open_redis_store(cfg));
  commit_one(*x, key_put{"demo", "k", "zero", 0, {}});
  server.pause(true);
  store_batch late{
      1, durability::process, {{append("demo", 1, 1), {}}, {key_put{"demo", "k", "late", 0, {}}, {}}}};
  CHECK(x->write(late, 0).batches.at(0).at(0).maybe_written);
  server.pause(false);
  auto next = log_append{"demo", "e1", {record(1, "next")}};
  auto done = at_last([&]() -> std::variant<write_result, refusal> {
    auto out = x->write({2, durability::process, {{next, {}}, {key_put{"demo", "k", "next", 0, {}}, {}}}}, 0);
    if (out.no.refused()) return out.no;
    return out.batches.at(0).at(0);
  });
  // Whichever came first: the log has one event, and the key the value that was put last.
  CHECK(must(x->state_of_log("demo")).head == 1);
  auto winner = done.no.refused() ? "m1" : "next";
  CHECK(must(x->read_log("demo", all_after(0))).records.at(0).what->message_id == winner);
  CHECK(must(x->get("demo", "k", 0))->value == "next");
}

TEST_CASE("a batch that comes after a later one of its writer is not done", "[redis]") {
  auto& server = empty_redis();
  redis_link link{{"127.0.0.1", server.port()}, {}};
  redis_keys keys{"weir", "w"};
  auto until = redis_link::clock::now() + 10s;
  auto do_it = [&](const store_batch& what, std::uint64_t group, std::uint64_t index) {
    redis_tails none;
    redis_batch one{what, keys, none, group, index};
    auto& to = link.connected(until);
    auto call = link.call(redis_script::write, one.key_count());
    one.add_to(call, 0, link.life());
    auto reply = to.ask(call, until);
    return reply.value().is_error() ? std::string{reply.value().text()}
                                    : std::to_string(one.results(reply.checked()).at(0).version);
  };
  auto put = [](const char* value) { return batch({key_put{"demo", "k", value, 0, {}}, {}}); };
  CHECK(do_it(put("a"), 7, 1) == "1");
  CHECK(do_it(put("b"), 7, 2) == "2");
  CHECK(do_it(put("a"), 7, 1) == "1"); // sent again: the answer that it had
  CHECK(do_it(put("c"), 8, 2) == "3");
  for (auto late : {1, 2}) CHECK(do_it(put("late"), 7, late).find("STALE") != std::string::npos);
  CHECK(do_it(put("late"), 8, 1).find("STALE") != std::string::npos);
  auto x = must(open_redis_store(config_for(server)));
  CHECK(must(x->get("demo", "k", 0))->value == "c");
}

TEST_CASE("an append does not follow what is there by chance in the place of the one before it", "[redis]") {
  behind_proxy x{200};
  commit_one(*x, append("demo", 1, 1));
  x.proxy.cut_next_reply();
  x.proxy.refuse(true);
  CHECK((*x).write(batch({append("demo", 2, 2), {}}), 0).batches.at(0).at(0).maybe_written); // and it was
  x.proxy.refuse(false);
  // What its writer sends before it has looked: its second try, and behind that the same event once more.
  auto other = batch({log_append{"demo", "e1", {record(2, "other")}}, {}});
  auto again = batch({log_append{"demo", "e1", {record(3, "m2")}}, {}});
  std::vector<std::vector<const store_batch*>> groups{{&other}, {&again}};
  if (GENERATE(true, false)) groups = {{&other, &again}};
  auto write = [&](std::span<const store_batch* const> group) {
    return at_last([&]() -> std::variant<group_result, refusal> {
      auto out = (*x).write(group, 0);
      if (out.no.refused()) return out.no;
      return out;
    });
  };
  std::vector<std::vector<write_result>> results;
  for (auto& group : groups) {
    auto out = write(group);
    for (auto& one : out.batches) results.push_back(std::move(one));
  }
  REQUIRE(results.size() == 2);
  for (auto& one : results) CHECK(one.at(0).no.reason == store_reason::out_of_order);
  CHECK(must((*x).state_of_log("demo")).head == 2);
  commit_one(*x, append("demo", 3, 3)); // it has looked
}
