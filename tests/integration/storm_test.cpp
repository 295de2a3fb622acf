// More clients at once than a real node takes.

#include "tests/integration/client.hpp"

#include <memory>
#include <queue>
#include <vector>

using namespace weir;
using namespace weir::test;

namespace {

/// Upgrades and says nothing. Gives the seconds after which to come again; 0: it is in.
int try_to_enter(ws_client& socket, const node_process& node) {
  try {
    socket.connect(node.url());
    return 0;
  } catch (const ws_error& error) {
    REQUIRE(error.http_status() == 503);
    return std::stoi(error.retry_after());
  }
}

} // namespace

TEST_CASE("a storm of handshakes is taken in portions, and who is there already is served meanwhile") {
  node_process node(R"({"node":{"io_threads":1},"limits":{"handshakes":4}})");
  node.start();
  client alice(node, "alice");
  alice.subscribe("a");
  std::vector<std::unique_ptr<ws_client>> speechless; // they take all the places
  for (int i = 0; i < 4; ++i) {
    speechless.push_back(std::make_unique<ws_client>());
    REQUIRE(try_to_enter(*speechless.back(), node) == 0);
  }
  std::vector<int> told;
  using clock = std::chrono::steady_clock;
  using visit = std::pair<clock::time_point, int>;
  std::priority_queue<visit, std::vector<visit>, std::greater<>> visits;
  std::vector<std::unique_ptr<ws_client>> crowd(20);
  for (int i = 0; i < 20; ++i) {
    auto& x = crowd[static_cast<std::size_t>(i)] = std::make_unique<ws_client>();
    auto again_s = try_to_enter(*x, node);
    CHECK(again_s >= 1);
    told.push_back(again_s);
    visits.emplace(clock::now() + std::chrono::seconds{again_s}, i);
  }
  CHECK(told.front() <= 5);
  alice.publish("a", "m1");
  CHECK(alice.await("event")["message_id"] == "m1");
  for (auto& x : speechless) CHECK(x->hello("demo", "speechless")["op"] == "welcome");
  while (!visits.empty()) {
    auto [when, i] = visits.top();
    visits.pop();
    std::this_thread::sleep_until(when);
    auto& x = *crowd[static_cast<std::size_t>(i)];
    if (auto again_s = try_to_enter(x, node); again_s > 0)
      visits.emplace(clock::now() + std::chrono::seconds{again_s}, i);
    else
      CHECK(x.hello("demo", "c" + std::to_string(i))["op"] == "welcome");
  }
  CHECK(alice.is_served());
}
