// Model pools on nodes of their own: real processes that are killed, stopped and started.

#include "tests/integration/client.hpp"

#include "actors/core/utf8.hpp"
#include "actors/models/remote/remote_links.hpp"
#include "net/client/http_client.hpp"

#include <catch2/catch_message.hpp>

#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>
#include <thread>

using namespace weir::test;

namespace {

using names = std::vector<std::string>;

/// A host without models, a gateway before it, and nodes that run models.
class model_nodes {
public:
  explicit model_nodes(const names& models, json more = json::object()) : more_(std::move(more)) {
    setenv("WEIR_SESSION_SECRET", "a secret of the cluster's own", 1);
    start("h1", {"host"});
    start("g1", {"gateway"});
    for (auto& name : models) start(name, {"models"});
    for (auto& [name, x] : nodes_) REQUIRE(knows(*x, nodes_.size()));
    REQUIRE(has_models(models.size()));
  }
  ~model_nodes() { unsetenv("WEIR_SESSION_SECRET"); }

  void start(const std::string& name, json roles) {
    json config = {{"node", {{"name", name}, {"roles", std::move(roles)}}},
                   {"cluster", {{"listen", "127.0.0.1:0"}, {"seeds", json::array()}}},
                   {"models", {{"default", {{"simulated", slow()}}}}}};
    if (!nodes_.empty()) config["cluster"]["seeds"].push_back(nodes_.at("h1")->cluster_address());
    config.merge_patch(more_);
    auto made = std::make_unique<node_process>(config.dump());
    made->let_drain(10s, 100ms);
    made->start();
    nodes_[name] = std::move(made);
  }

  node_process& operator[](const std::string& name) { return *nodes_.at(name); }

  /// Waits until the host knows of so many nodes that run the model.
  bool has_models(std::size_t n) {
    return await([&] { return metric("weir_remote_model_nodes{") == n; });
  }

  std::uint64_t metric(const std::string& name) {
    auto text = weir::http_fetch(nodes_.at("h1")->admin_url(), "GET", "/metrics", {}, {}, 10s).body;
    std::uint64_t out = 0;
    for (std::size_t at = 0; (at = text.find('\n' + name, at)) != std::string::npos; ++at) {
      auto line = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
      out += std::stoull(line.substr(line.rfind(' ') + 1));
    }
    return out;
  }

  /// A namespace whose calls go to this one of the nodes that run the model.
  static std::string placed_on(const std::string& node, const names& all) {
    weir::remote_links links{{}};
    for (auto& x : all) links.add(x);
    for (int i = 0;; ++i) {
      auto ns = "ns" + std::to_string(i);
      if (std::get<std::string>(links.choose("default/" + ns, 1, {}, {})) == node) return ns;
    }
  }

  /// An answer that takes two seconds.
  static json slow() { return {{"first_piece_ms", 50}, {"piece_ms", 100}, {"pieces", 20}, {"seed", 1}}; }

private:
  template <class Predicate>
  static bool await(Predicate what) {
    for (int i = 0; i < 200; ++i) {
      if (what()) return true;
      std::this_thread::sleep_for(50ms);
    }
    return false;
  }

  static bool knows(const node_process& asked, std::size_t n) {
    return await([&] {
      auto text = weir::http_fetch(asked.admin_url(), "GET", "/v1/admin/nodes", {}, {}, 10s).body;
      return json::parse(text).size() == n;
    });
  }

  json more_;
  std::map<std::string, std::unique_ptr<node_process>> nodes_;
};

/// A streamed call of the client `alice`, and what has come of it.
struct streamed_call {
  streamed_call(client& by, const std::string& id, std::int64_t timeout_ms = 0)
    : who(by), run_id("alice/" + id) {
    json frame = {
        {"op", "call"}, {"target", "assistant"}, {"message_id", id}, {"input", "hi"}, {"stream", true}};
    if (timeout_ms > 0) frame["timeout_ms"] = timeout_ms;
    who.send(frame);
  }

  /// The next frame of the call with this `op`; the text of all that comes before has no overlap and no hole.
  json until(const char* op) {
    return who.await(
        [&](const json& x) {
          if (x["op"] == "delta" && x["run_id"] == run_id) {
            CHECK(x["at"] == weir::utf8::code_points(text));
            text += x["text"].get<std::string>();
          }
          return x["op"] == op && x.value("run_id", "") == run_id;
        },
        20s);
  }

  client& who;
  std::string run_id;
  std::string text;
};

void check_whole(const json& result, const streamed_call& call) {
  INFO(result.dump());
  CHECK(result["status"] == "complete");
  CHECK(result["output"]["text"] == call.text);
  CHECK(call.text.size() > 20);
}

} // namespace

TEST_CASE("a host without models streams the answers of nodes that have them") {
  model_nodes all{names{"m1", "m2"}};
  for (auto* node : {"m1", "m2"}) {
    client alice{all["g1"], "alice", model_nodes::placed_on(node, {"m1", "m2"})};
    streamed_call call{alice, "c1"};
    auto result = call.until("result");
    check_whole(result, call);
    CHECK(result["attempts"] == 1);
  }
  CHECK(all.metric("weir_remote_model_requests{") == 0);
  CHECK(all.metric("weir_usage_calls_total") == 2); // counted where the namespaces are
}

TEST_CASE("a node that runs models is killed in the middle of an answer, and its client sees one stream") {
  names two{"m1", "m2"};
  model_nodes all{two};
  client alice{all["g1"], "alice", model_nodes::placed_on("m1", two)};
  streamed_call call{alice, "c1"};
  CHECK(call.until("delta")["op"] == "delta");
  CHECK(call.until("delta")["op"] == "delta");
  all["m1"].kill();
  auto result = call.until("result");
  check_whole(result, call);
  CHECK(result["attempts"] == 2);
  CHECK(result["parts"].size() == 2);
  CHECK(all.metric("weir_remote_model_lost_total") == 1);
  CHECK(all.has_models(1));

  all["m1"].start(); // it is asked again when it is back
  CHECK(all.has_models(2));
  streamed_call next{alice, "c2"};
  check_whole(next.until("result"), next);
}

TEST_CASE("a node that runs models and is told to stop ends what it has, and calls go to another") {
  names two{"m1", "m2"};
  model_nodes all{two};
  auto ns = model_nodes::placed_on("m1", two);
  client alice{all["g1"], "alice", ns}, again{all["g1"], "alice", ns};
  streamed_call call{alice, "c1"};
  CHECK(call.until("delta")["op"] == "delta");
  all["m1"].signal(SIGTERM);
  CHECK(all["m1"].await_end() == 0);
  streamed_call next{again, "c2"};
  for (auto* x : {&call, &next}) {
    auto result = x->until("result");
    check_whole(result, *x);
    CHECK(result["attempts"] == 1);
  }
  CHECK(all.metric("weir_remote_model_lost_total") == 0);
}

TEST_CASE("calls of a node that stands still end within their deadline, and are done by another") {
  names two{"m1", "m2"};
  // It is not taken for dead within the test.
  model_nodes all{two, {{"cluster", {{"timeout_ms", 600'000}}}}};
  auto ns = model_nodes::placed_on("m1", two);
  client alice{all["g1"], "alice", ns}, again{all["g1"], "alice", ns};
  streamed_call begun{alice, "c1", 4000};
  CHECK(begun.until("delta")["op"] == "delta");
  all["m1"].signal(SIGSTOP);
  streamed_call next{again, "c2", 9000};
  check_whole(next.until("result"), next); // after a second another node is asked
  auto result = begun.until("result");     // nobody can know that it will not go on
  INFO(result.dump());
  CHECK(result["status"] == "partial");
  CHECK(result["output"]["text"] == begun.text);
  CHECK(all.metric("weir_remote_model_passed_on_total") == 1);
  all["m1"].signal(SIGCONT);
}

TEST_CASE("calls fail in plain words while no node runs the model, and work once one has joined") {
  model_nodes all{names{}};
  client alice{all["g1"], "alice"};
  streamed_call call{alice, "c1"};
  auto result = call.until("result");
  INFO(result.dump());
  CHECK(result["status"] == "failed");
  CHECK(result["error"]["code"] == 503);
  CHECK(result["error"]["message"].get<std::string>().find("no node of the cluster runs the model default")
        != std::string::npos);
  all.start("m1", {"models"});
  CHECK(all.has_models(1));
  streamed_call next{alice, "c2"};
  check_whole(next.until("result"), next);
}

TEST_CASE("a node that runs models and stands still fills nobody's memory") {
  model_nodes all{{"m1"},
                  {{"cluster", {{"timeout_ms", 600'000}}},
                   {"models", {{"default", {{"queue_limit", 100'000}}}}},
                   {"limits", {{"runs", 100'000}, {"publish_per_s", 1'000'000}, {"burst", 1'000'000}}}}};
  client alice{all["g1"], "alice"};
  all["m1"].signal(SIGSTOP);
  std::string input(60'000, 'x');
  constexpr int calls = 400; // 24 MB; 8 MiB may be on their way
  for (int i = 0; i < calls; ++i)
    alice.send(
        {{"op", "call"}, {"target", "assistant"}, {"message_id", "c" + std::to_string(i)}, {"input", input}});
  int full = 0;
  for (int i = 0; i < calls; ++i) {
    auto result = alice.await("result", 30s);
    REQUIRE(!result.is_null());
    CHECK(result["status"] == "failed");
    full += result["error"]["reason"] == "link_full" ? 1 : 0;
  }
  CHECK(full > calls / 4); // some wait in the gateway until the first have failed
  CHECK(full < calls);
  CHECK(all.metric("weir_remote_model_unread_bytes{") <= 8 * 1024 * 1024);
  all["m1"].signal(SIGCONT);
}
