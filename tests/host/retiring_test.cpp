// Namespaces that are forgotten when nobody would miss them, or deleted by an operator.

#include "tests/support/cluster_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace weir;
using namespace std::chrono_literals;
using test::recorder;

namespace {

class retiring_fixture : public test::hosts_fixture {
public:
  retiring_fixture() { plan.configured = false; }

  void start_lone() {
    start("n1");
    show_all({"n1"});
  }

  /// As the last client's relay does some time after it has gone.
  void end(relay& x) {
    caf::anon_send_exit(&x, caf::exit_reason::user_shutdown);
    run();
  }

  void pass(std::chrono::milliseconds time) {
    for (; time > 0ms; time -= 500ms) {
      advance(500ms);
      run();
    }
  }

  std::size_t open_namespaces() { return nlohmann::json::parse(open_at("n1"))["namespaces"]; }

  /// Keys that the store has of a namespace, and whether it has a log.
  std::size_t traces(const std::string& ns) const {
    auto keys = std::get<std::vector<key_entry>>(disk->scan(ns, "", "", 1000, now_ms()));
    auto named = std::get<std::vector<key_entry>>(disk->scan("_node", "namespace/" + ns, "", 10, now_ms()));
    auto log = std::get<log_state>(disk->state_of_log(ns));
    return keys.size() + named.size() + (log.epoch.empty() ? 0 : 1);
  }

  admin_answer remove(const std::string& ns) {
    admin_answer out;
    out.no = {code::deadline, "deadline", "not answered", 0, {}, 0, 0};
    auto to = nodes.at("n1").host;
    own(sys.spawn([&out, to, ns](caf::event_based_actor* self) -> caf::behavior {
      admin_query what;
      what.what = admin_query::verb::remove;
      what.ns = ns;
      self->request(to, caf::infinite, what).then([&out](const admin_answer& got) { out = got; });
      return {[](int) {}};
    }));
    run();
    pass(1000ms);
    return out;
  }
};

} // namespace

TEST_CASE_METHOD(retiring_fixture, "a namespace that nothing is in is forgotten when everybody has gone") {
  start_lone();
  auto& x = open("n1", "guest");
  recorder alice("alice");
  auto a = x.join(alice);
  run();
  CHECK(open_namespaces() == 1);
  CHECK(traces("guest") > 0);
  pass(30s); // who is there keeps it
  CHECK(open_namespaces() == 1);
  x.leave(a);
  end(x);
  pass(15s);
  CHECK(open_namespaces() == 0);
  CHECK(traces("guest") == 0);
  CHECK(holder("guest").empty());

  auto& again = open("n1", "guest");
  recorder bob("bob");
  auto b = again.join(bob);
  run();
  REQUIRE(bob.attachments.size() == 1);
  CHECK_FALSE(bob.attachments[0].no.refused());
  CHECK(!again.publish(b, "m1", event("m1")).refused());
  run();
  CHECK(bob.answers.at(0).second.seq == 1);
}

TEST_CASE_METHOD(retiring_fixture, "a hundred names leave nothing behind") {
  start_lone();
  for (int i = 0; i < 100; ++i) {
    auto& x = open("n1", "guest" + std::to_string(i));
    recorder alice("alice");
    x.leave(x.join(alice));
    end(x);
  }
  pass(15s);
  CHECK(open_namespaces() == 0);
  for (int i = 0; i < 100; ++i) CHECK(traces("guest" + std::to_string(i)) == 0);
}

TEST_CASE_METHOD(retiring_fixture, "a namespace stays that is configured, or has a history") {
  SECTION("configured") { plan.configured = true; }
  SECTION("with an event") {}
  start_lone();
  auto& x = open("n1", "demo");
  recorder alice("alice");
  auto a = x.join(alice);
  if (!plan.configured) x.publish(a, "m1", event("m1"));
  run();
  x.leave(a);
  end(x);
  pass(60s);
  CHECK(open_namespaces() == 1);
  CHECK(traces("demo") > 0);
}

TEST_CASE_METHOD(retiring_fixture,
                 "a namespace that is deleted tells its clients and leaves nothing behind") {
  plan.configured = true;
  start_lone();
  auto& x = open("n1", "demo");
  recorder alice("alice");
  auto a = x.join(alice);
  x.publish(a, "m1", event("m1"));
  run();
  auto done = remove("demo");
  CHECK_FALSE(done.no.refused());
  CHECK(nlohmann::json::parse(done.json)["deleted"] == true);
  REQUIRE(alice.attachments.size() == 2);
  CHECK(alice.attachments[1].no.status == code::not_found);
  CHECK(traces("demo") == 0);
  CHECK(open_namespaces() == 0);
  CHECK(remove("demo").no.status == code::not_found);

  recorder bob("bob");
  auto b = x.join(bob); // by the same relay
  run();
  REQUIRE(bob.attachments.size() == 1);
  CHECK_FALSE(bob.attachments[0].no.refused());
  CHECK(bob.attachments[0].seq == 0);
  CHECK(bob.attachments[0].epoch != alice.attachments[0].epoch);
  CHECK(!x.publish(b, "m1", event("m1")).refused());
  run();
  CHECK_FALSE(bob.answers.at(0).second.duplicate);
}

TEST_CASE_METHOD(retiring_fixture,
                 "a client may not open a namespace that is not configured, where that is said") {
  adjust = [](host::config& x) { x.open_namespaces = false; };
  start_lone();
  auto& x = open("n1", "guest");
  recorder alice("alice");
  x.join(alice);
  pass(2s);
  REQUIRE(alice.attachments.size() == 1);
  CHECK(alice.attachments[0].no.status == code::forbidden);
  CHECK(open_namespaces() == 0);
  CHECK(traces("guest") == 0);
}

TEST_CASE_METHOD(retiring_fixture, "a namespace above its share of the memory gives its log back first") {
  auto budget = std::make_shared<byte_budget>(1024 * 1024);
  adjust = [&](host::config& x) { x.memory = budget; };
  plan.configured = true;
  start_lone();
  auto& x = open("n1", "demo");
  recorder alice("alice");
  auto a = x.join(alice);
  x.subscribe(a, "chat");
  for (int i = 0; i < 100; ++i) {
    auto large = event("m" + std::to_string(i));
    large.data = '"' + std::string(60'000, 'x') + '"';
    CHECK(!x.publish(a, large.message_id, large).refused());
    run();
    CHECK(budget->used() <= budget->limit());
  }
  CHECK(alice.delivered().size() == 100);
  log_request all;
  all.patterns = {">"};
  all.limit = 1;
  x.read_log(a, "l", all);
  run();
  REQUIRE(alice.slices.size() == 1);
  CHECK(alice.slices[0].second.deliveries.at(0).what->seq == 1); // the store has it
}

TEST_CASE_METHOD(retiring_fixture, "a log that nobody uses leaves memory, and is read from the store") {
  auto budget = std::make_shared<byte_budget>(1ULL << 30);
  adjust = [&](host::config& x) { x.memory = budget; };
  plan.configured = true;
  start_lone();
  auto& x = open("n1", "demo");
  recorder alice("alice");
  auto a = x.join(alice);
  for (int i = 0; i < 20; ++i) {
    auto large = event("m" + std::to_string(i));
    large.data = '"' + std::string(60'000, 'x') + '"';
    x.publish(a, large.message_id, large);
  }
  run();
  CHECK(budget->used() > 1'000'000);
  pass(60s);
  CHECK(budget->used() < 100'000);
  log_request all;
  all.patterns = {">"};
  all.limit = 5;
  x.read_log(a, "l", all);
  run();
  REQUIRE(alice.slices.size() == 1);
  CHECK(alice.slices[0].second.deliveries.size() == 5);
}

TEST_CASE_METHOD(retiring_fixture,
                 "a namespace above its share of the store is refused, and its neighbour is not") {
  auto budget = std::make_shared<byte_budget>(1024 * 1024);
  adjust = [&](host::config& x) { x.disk = budget; };
  plan.configured = true;
  start_lone();
  auto &x = open("n1", "noisy"), &y = open("n1", "quiet");
  recorder noisy("noisy"), quiet("quiet");
  auto n = x.join(noisy), q = y.join(quiet);
  for (int i = 0; i < 30; ++i) {
    auto large = event("m" + std::to_string(i));
    large.data = '"' + std::string(60'000, 'x') + '"';
    x.publish(n, large.message_id, large);
    run();
  }
  auto& last = noisy.answers.back().second;
  CHECK(last.no.reason == "store_full");
  CHECK(last.no.scope == "namespace");
  CHECK(last.no.retry_after_ms > 0);
  CHECK(budget->used() <= budget->limit());
  CHECK(!y.publish(q, "m1", event("m1")).refused());
  run();
  CHECK(quiet.answers.at(0).second.seq == 1);
}
