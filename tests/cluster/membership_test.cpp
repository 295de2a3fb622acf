#include "actors/cluster/membership.hpp"

#include "actors/cluster/directory.hpp"
#include "testing/fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <spdlog/spdlog.h>

#include <map>

using namespace weir;
using namespace std::chrono_literals;

namespace {

/// Nodes that reach each other by direct handles.
class cluster_fixture : public test::fixture {
public:
  cluster_fixture() { spdlog::set_level(spdlog::level::off); }
  ~cluster_fixture() {
    handles.clear();
    spdlog::set_level(spdlog::level::info);
  }

  membership::config node(const std::string& name, const std::string& address) {
    membership::config out;
    out.self.version = "1.0.0";
    out.self.name = name;
    out.self.address = address;
    out.self.incarnation = ++incarnations;
    out.self.secret_mark = "s";
    out.seeds = {"a:1"};
    out.dial = [this](caf::event_based_actor*, const node_address& where, std::chrono::milliseconds,
                      const dial_succeeded& then, const dial_failed& failed) {
      auto found = handles.find(to_string(where));
      if (found == handles.end()) return failed("nobody is there");
      then(found->second);
    };
    out.on_refused = [this, name](const std::string& why) { refused[name] = why; };
    out.on_settled = [this, name](const std::string&) { ++settled[name]; };
    return out;
  }

  membership& start(membership::config cfg) {
    auto address = cfg.self.address;
    auto actor = own(sys.spawn<membership>(std::move(cfg)));
    handles[address] = actor;
    run();
    return deref<membership>(actor);
  }

  std::vector<std::string> names(const membership& x) {
    std::vector<std::string> out;
    for (auto& [name, member] : x.members().all()) out.push_back(name);
    return out;
  }

  std::map<std::string, caf::actor> handles; // what listens where
  std::map<std::string, std::string> refused;
  std::map<std::string, int> settled;
  std::uint64_t incarnations = 0;
};

using ids = std::vector<std::string>;

attach_relay attach(const std::string& ns, const caf::actor& relay) { return {ns, relay}; }

} // namespace

TEST_CASE_METHOD(cluster_fixture, "nodes that know one seed get to know each other") {
  auto& a = start(node("n1", "a:1"));
  auto& b = start(node("n2", "b:1"));
  auto& c = start(node("n3", "c:1"));
  advance(1s);
  CHECK(names(a) == ids{"n2", "n3"});
  CHECK(names(b) == ids{"n1", "n3"});
  CHECK(names(c) == ids{"n1", "n2"});
  for (auto& [name, times] : settled) CHECK(times == 1);
  CHECK(settled.size() == 3);
}

TEST_CASE_METHOD(cluster_fixture, "a node that goes is missed, and taken in again when it is back") {
  auto& a = start(node("n1", "a:1"));
  start(node("n2", "b:1"));
  advance(1s);
  caf::anon_send_exit(handles["b:1"], caf::exit_reason::kill);
  handles.erase("b:1");
  advance(100ms);
  CHECK(names(a).empty());
  start(node("n2", "b:1"));
  advance(1s);
  CHECK(names(a) == ids{"n2"});
}

TEST_CASE_METHOD(cluster_fixture, "a seed that is not there yet is dialled until it is") {
  auto& b = start(node("n2", "b:1"));
  advance(10s);
  CHECK(settled["n2"] == 1); // the node does not wait for it
  CHECK(names(b).empty());
  start(node("n1", "a:1"));
  advance(6s);
  CHECK(names(b) == ids{"n1"});
}

TEST_CASE_METHOD(cluster_fixture, "the second node of one name gives up when the first one stays") {
  auto& a = start(node("n1", "a:1"));
  auto& b = start(node("n2", "b:1"));
  auto& twin = start(node("n2", "c:1"));
  advance(1s);
  CHECK(refused.empty()); // it may be its own past, whose end has not been noticed
  advance(5s);
  CHECK(refused["n2"].find("n2 already, at b:1") != std::string::npos);
  CHECK(settled["n2"] == 1);
  CHECK(names(twin).empty());
  CHECK(names(a) == ids{"n2"});
  CHECK(names(b) == ids{"n1"});
}

TEST_CASE_METHOD(cluster_fixture, "a node of another version is refused by both sides and stays alone") {
  auto& a = start(node("n1", "a:1"));
  auto cfg = node("n2", "b:1");
  cfg.self.version = "2.0.0";
  auto& b = start(std::move(cfg));
  advance(10s);
  CHECK(names(a).empty());
  CHECK(names(b).empty());
  CHECK(refused.empty()); // it goes on trying: the others may be about to be replaced
}

TEST_CASE_METHOD(cluster_fixture, "a host that cannot have namespaces is passed over until it can") {
  auto host = own(sys.spawn<test::probe<host_places>>());
  auto cfg = node("n1", "a:1");
  cfg.self.host = host;
  cfg.host = host;
  start(std::move(cfg));
  auto& b = start(node("n2", "b:1"));
  advance(1s);
  auto hosts = [&] { return b.members().all().at("n1").host != nullptr; };
  auto told = [&] { return deref<test::probe<host_places>>(host).all<host_places>().back().all.size(); };
  CHECK(hosts());
  CHECK(told() == 1);
  send(handles["a:1"], fit_atom_v, false);
  CHECK(!hosts());
  CHECK(told() == 0);
  send(handles["a:1"], fit_atom_v, true);
  CHECK(hosts());
  CHECK(told() == 1);
  deref<test::probe<host_places>>(host).all<host_places>().clear(); // which name the probe itself
}

TEST_CASE_METHOD(cluster_fixture, "the directory takes relays to the node that hosts, once there is one") {
  auto dir = own(sys.spawn<directory>(directory::config{10s}));
  auto relay = own(sys.spawn<test::probe<attached>>());
  auto host = own(sys.spawn<test::probe<attach_relay, server_event>>());
  auto& answers = deref<test::probe<attached>>(relay).all<attached>();
  auto& asked = deref<test::probe<attach_relay, server_event>>(host).all<attach_relay>();
  auto cfg = node("n1", "a:1");
  cfg.directory = dir;
  start(std::move(cfg));
  send(dir, attach("demo", relay));
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].no.reason == "unavailable");
  CHECK(answers[0].no.retry_after_ms > 0);

  auto hosting = node("n2", "b:1");
  hosting.self.host = host;
  start(hosting);
  advance(1s);
  send(dir, attach("demo", relay));
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].reach == std::vector<caf::node_id>{sys.node()}); // all members of a test are on one node
  std::vector<bool> reached;
  auto other = *caf::make_node_id(7, "0123456789012345678901234567890123456789");
  sys.spawn([&](caf::event_based_actor* self) {
    for (auto& x : {sys.node(), other})
      self->request(dir, caf::infinite, reach_atom_v, x).then([&](bool is) { reached.push_back(is); });
  });
  run();
  CHECK(reached == std::vector<bool>{true, false});

  // It goes: relays wait for it to come back …
  caf::anon_send_exit(handles["b:1"], caf::exit_reason::kill);
  handles.erase("b:1");
  advance(1s);
  send(dir, attach("demo", relay));
  advance(5s);
  CHECK(answers.size() == 1);
  hosting.self.incarnation = ++incarnations;
  start(hosting);
  advance(2s);
  CHECK(asked.size() == 2);

  // … but not for ever.
  caf::anon_send_exit(handles["b:1"], caf::exit_reason::kill);
  handles.erase("b:1");
  advance(1s);
  send(dir, attach("demo", relay));
  advance(11s);
  CHECK(answers.size() == 2);
  hosting = {};
}

TEST_CASE_METHOD(cluster_fixture, "a node that hosts tells its namespaces who came and went") {
  auto host = own(sys.spawn<test::probe<server_event>>());
  auto cfg = node("n1", "a:1");
  cfg.self.host = host;
  start(std::move(cfg));
  start(node("n2", "b:1"));
  advance(1s);
  caf::anon_send_exit(handles["b:1"], caf::exit_reason::kill);
  handles.erase("b:1");
  advance(100ms);
  auto& told = deref<test::probe<server_event>>(host).all<server_event>();
  REQUIRE(told.size() == 2);
  CHECK(told[0].type == "sys.node.joined");
  CHECK(told[1].type == "sys.node.left");
  CHECK(told[0].ephemeral);
  CHECK(told[0].data.find("\"n2\"") != std::string::npos);
}

TEST_CASE_METHOD(cluster_fixture, "a node whose model pools are elsewhere is told of those of all members") {
  auto pool = own(sys.spawn<test::probe<pool_places>>());
  auto port = own(sys.spawn<test::probe<>>());
  auto& told = deref<test::probe<pool_places>>(pool).all<pool_places>();
  auto cfg = node("n1", "a:1");
  cfg.remote_pools = {pool};
  start(std::move(cfg));
  auto runs = node("n2", "b:1");
  runs.self.roles = {"models"};
  runs.pools = {{"n2", "default", port, false}};
  start(runs);
  start(node("n3", "c:1")); // has none
  advance(1s);
  REQUIRE(told.size() == 1);
  REQUIRE(told[0].all.size() == 1);
  CHECK(told[0].all[0].node == "n2");
  CHECK(told[0].all[0].model == "default");
  CHECK(told[0].all[0].port == port);
  CHECK_FALSE(told[0].all[0].retiring);

  caf::anon_send(handles["b:1"], retire_atom_v);
  run();
  REQUIRE(told.size() == 2);
  CHECK(told[1].all.at(0).retiring);
  told.pop_back();

  caf::anon_send_exit(handles["b:1"], caf::exit_reason::kill);
  handles.erase("b:1");
  advance(100ms);
  REQUIRE(told.size() == 2);
  CHECK(told[1].all.empty());

  runs.self.incarnation = ++incarnations; // it is started again
  start(runs);
  advance(6s);
  REQUIRE(told.size() == 3);
  CHECK(told[2].all.size() == 1);
  runs = {};
  told.clear();
}
