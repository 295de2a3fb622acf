#include "actors/core/deadline_index.hpp"
#include "actors/core/utf8.hpp"
#include "actors/models/attempt_watch.hpp"
#include "actors/models/piece_buffer.hpp"
#include "actors/models/simulated/simulated_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;

namespace {

const std::chrono::steady_clock::time_point t0{1h};

std::string join(const std::vector<std::string>& pieces) {
  std::string all;
  for (auto& x : pieces) all += x;
  return all;
}

} // namespace

TEST_CASE("the deadline index gives what is due, the earliest first") {
  deadline_index index;
  index.set(1, t0 + 30ms);
  index.set(2, t0 + 10ms);
  index.set(3, t0 + 20ms);
  index.set(1, t0 + 5ms); // moved
  index.erase(3);
  CHECK(index.next() == t0 + 5ms);
  CHECK(index.take_due(t0 + 9ms) == std::vector<std::uint64_t>{1});
  CHECK(index.take_due(t0 + 1h) == std::vector<std::uint64_t>{2});
  CHECK(index.size() == 0);
  CHECK_FALSE(index.next());
}

TEST_CASE("the first piece goes at once, and those that follow closely go together") {
  piece_buffer buffer;
  CHECK(buffer.add("one", t0) == "one");
  CHECK(buffer.add(" two", t0 + 5ms).empty());
  CHECK(buffer.add(" three", t0 + 9ms).empty());
  CHECK(buffer.due() == t0 + 20ms);
  CHECK(buffer.flush(t0 + 20ms) == " two three");
  CHECK_FALSE(buffer.due());
  CHECK(buffer.add(" four", t0 + 50ms) == " four");
  CHECK(buffer.add(std::string(70, 'x'), t0 + 51ms).size() == 70); // enough to be worth it
}

TEST_CASE("a piece buffer holds back half a code point until it is whole") {
  std::string wave = "🌊";
  piece_buffer buffer;
  CHECK(buffer.add("a" + wave.substr(0, 2), t0) == "a");
  CHECK_FALSE(buffer.due());
  CHECK(buffer.add(wave.substr(2), t0 + 30ms) == wave);
  CHECK(buffer.add(wave.substr(0, 3), t0 + 60ms).empty());
  CHECK(buffer.drain() == "\xEF\xBF\xBD");
  CHECK(buffer.drain().empty());
}

TEST_CASE("an attempt is late in the way that its limits say") {
  attempt_watch watch{{1000, 100, 50}, t0};
  CHECK(watch.next_check() == t0 + 100ms);
  CHECK(watch.check(t0 + 99ms) == attempt_watch::verdict::in_time);
  CHECK(watch.check(t0 + 100ms) == attempt_watch::verdict::no_first_piece);
  watch.on_piece(t0 + 90ms);
  CHECK(watch.next_check() == t0 + 140ms);
  CHECK(watch.check(t0 + 139ms) == attempt_watch::verdict::in_time);
  CHECK(watch.check(t0 + 140ms) == attempt_watch::verdict::stalled);
  CHECK(watch.check(t0 + 1000ms) == attempt_watch::verdict::deadline);
  CHECK(attempt_watch({}, t0).next_check() == attempt_watch::time_point::max());
}

TEST_CASE(
    "the simulated answer depends on the seed and the question only, and has as many pieces as were asked") {
  std::vector<chat_message> chat{{"system", "Be brief."}, {"user", "Is the water high, señor?"}};
  auto answer = simulated_answer(chat, 1, 20);
  CHECK(answer.size() == 20);
  CHECK(join(answer).find("Is the water high, señor?") != std::string::npos);
  CHECK(answer == simulated_answer({{"user", "Is the water high, señor?"}}, 1, 20));
  CHECK(answer != simulated_answer(chat, 2, 20));
  CHECK(simulated_answer(chat, 1, 1).size() == 1);
  CHECK(simulated_answer({}, 1, 3).size() == 3);
}

TEST_CASE("the simulated model goes on from what it has said, wherever that was cut") {
  std::vector<chat_message> chat{{"user", "Is the water high?"}};
  auto whole = join(simulated_answer(chat, 1, 20));
  for (std::size_t cut : {std::size_t{3}, std::size_t{4}, whole.size() / 2, whole.size() - 1}) {
    auto more = chat;
    more.push_back({"assistant", whole.substr(0, cut)});
    CHECK(whole.substr(0, cut) + join(simulated_answer(more, 1, 20)) == whole);
  }
  chat.push_back({"assistant", "Something else"});
  CHECK(join(simulated_answer(chat, 1, 20)) == whole);
}
