#include "net/replay_gate.hpp"

#include <catch2/catch_test_macros.hpp>

#include <deque>
#include <random>
#include <vector>

using namespace weir;

namespace {

class reader : public replayer {
public:
  void on_replay_turn() override { ++turns; }
  int turns = 0;
};

} // namespace

TEST_CASE("as many read at once as there are places, and the others get theirs in the order they came in") {
  replay_gate gate{2};
  std::deque<reader> all(5);
  CHECK(gate.enter(all[0], "a"));
  CHECK(gate.enter(all[1], "a"));
  for (int i = 2; i < 5; ++i) CHECK_FALSE(gate.enter(all[i], "a"));
  CHECK_FALSE(gate.enter(all[3], "a")); // it waits already
  CHECK(gate.enter(all[0], "a"));       // it is inside already
  CHECK(gate.active() == 2);
  CHECK(gate.waiting() == 3);
  gate.leave(all[1]);
  CHECK(all[2].turns == 1);
  CHECK(all[3].turns == 0);
  CHECK(gate.active() == 2);
  CHECK_FALSE(gate.enter(all[1], "a")); // again: behind the others
  gate.leave(all[0]);
  gate.leave(all[2]);
  CHECK(all[3].turns == 1);
  CHECK(all[4].turns == 1);
  gate.leave(all[3]);
  CHECK(all[1].turns == 1);
  gate.leave(all[4]);
  gate.leave(all[1]);
  CHECK(gate.active() == 0);
  CHECK(gate.waiting() == 0);
}

TEST_CASE("one that goes while it waits is passed over, and one that leaves twice frees one place") {
  replay_gate gate{1};
  std::deque<reader> all(4);
  gate.enter(all[0], "a");
  for (int i = 1; i < 4; ++i) gate.enter(all[i], "a");
  gate.leave(all[1]); // the first, one from the middle and the last can go
  gate.leave(all[3]);
  CHECK(gate.waiting() == 1);
  gate.leave(all[0]);
  gate.leave(all[0]);
  CHECK(all[2].turns == 1);
  CHECK(all[1].turns + all[3].turns == 0);
  CHECK(gate.active() == 1);
  gate.leave(all[2]);
  CHECK(gate.active() == 0);
}

TEST_CASE("one that has nothing to read when its turn comes lets the next one in") {
  class idle : public replayer {
  public:
    explicit idle(replay_gate& gate) : gate_(gate) {}
    void on_replay_turn() override { gate_.leave(*this); }

  private:
    replay_gate& gate_;
  };
  replay_gate gate{1};
  reader first, last;
  idle one{gate}, two{gate};
  gate.enter(first, "a");
  gate.enter(one, "a");
  gate.enter(two, "a");
  gate.enter(last, "a");
  gate.leave(first);
  CHECK(last.turns == 1);
  CHECK(gate.active() == 1);
  CHECK(gate.waiting() == 0);
  gate.leave(last);
}

TEST_CASE("namespaces take turns, so one with many that wait does not keep those of another from theirs") {
  replay_gate gate{1};
  std::deque<reader> noisy(100), quiet(2);
  for (auto& x : noisy) gate.enter(x, "noisy");
  for (auto& x : quiet) gate.enter(x, "quiet");
  gate.leave(noisy[0]);
  CHECK(noisy[1].turns == 1);
  gate.leave(noisy[1]);
  CHECK(quiet[0].turns == 1);
  gate.leave(quiet[0]);
  CHECK(noisy[2].turns == 1);
  gate.leave(noisy[2]);
  CHECK(quiet[1].turns == 1);
  gate.leave(quiet[1]);
  CHECK(noisy[3].turns == 1);
  for (auto& x : noisy) gate.leave(x);
  CHECK(gate.active() + gate.waiting() == 0);
}

TEST_CASE(
    "whoever comes and goes, no more are inside than there are places, and nobody waits beside a free one") {
  auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  replay_gate gate{3};
  std::deque<reader> all(20);
  for (int i = 0; i < 20'000; ++i) {
    auto& x = all[random() % all.size()];
    if (random() % 2 == 0)
      gate.enter(x, std::string(1, static_cast<char>('a' + random() % 4)));
    else
      gate.leave(x);
    REQUIRE(gate.active() <= 3);
    REQUIRE((gate.waiting() == 0 || gate.active() == 3));
  }
  for (auto& x : all) gate.leave(x);
  CHECK(gate.active() + gate.waiting() == 0);
}
