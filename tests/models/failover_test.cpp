#include "tests/support/openai_fixture.hpp"

#include <nlohmann/json.hpp>

// A first model that fails in the middle of its answer, in every way and at every place; a second one goes
// on.

using namespace weir;
using namespace weir::test;

namespace {

using ending = server_reply::ending;
using texts = std::vector<std::string>;

constexpr std::size_t piece_count = 20;

/// An answer of 20 pieces; every code point of it is as long as `letter`.
texts answer_of(const std::string& letter) {
  texts out;
  for (std::size_t i = 0; i < piece_count; ++i) {
    out.push_back(std::string(1, static_cast<char>('a' + i)));
    for (std::size_t n = 0; n <= i % 3; ++n) out.back() += letter;
  }
  return out;
}

std::string joined(const texts& pieces, std::size_t from, std::size_t to) {
  std::string out;
  for (auto i = from; i < to; ++i) out += pieces[i];
  return out;
}

struct death {
  const char* what;
  void (*change)(server_reply&); // of a reply of k pieces
};

const death deaths[]{
    {"is closed", [](server_reply& x) { x.end = ending::cut; }},
    {"is reset",
     [](server_reply& x) {
       x.end = ending::reset;
       x.last_pause_ms = 20; // a reset takes what has not been read yet
     }},
    {"stalls", [](server_reply& x) { x.end = ending::hang; }},
    {"sends garbage",
     [](server_reply& x) { x.raw.push_back("data: {\"choices\":[{\"delta\":{\"content\":\"\xC3\"\n\n"); }},
    {"sends an error",
     [](server_reply& x) { x.raw.push_back("data: {\"error\":{\"message\":\"overloaded\"}}\n\n"); }},
    {"ends", [](server_reply&) {}},
};

class failover : public openai_fixture {
public:
  /// The call's outcome when the first server writes `begun` pieces and then dies, and the second one
  /// answers.
  finished_call fail(std::size_t begun, const death& how, const texts& first_pieces, server_reply then) {
    auto dying = server_reply::begin_with(
        {first_pieces.begin(), first_pieces.begin() + static_cast<long>(begun)}, ending::whole);
    how.change(dying);
    dying.split_bytes = 7; // inside events, lines and code points
    then.split_bytes = 5;
    first.set({dying});
    second.set({std::move(then)});
    auto cfg = config_of("m", 5000, first);
    cfg.retries = 0;
    if (dying.end == ending::hang) cfg.first_piece_timeout_ms = cfg.stall_timeout_ms = stall_ms;
    cfg.fallback = {{false, "other"}};
    add_pool(config_of("other", 5000, second));
    add_pool(cfg);
    return call();
  }

  /// What the second server was told that the assistant has said so far; nothing: it was told of no
  /// assistant.
  std::string told_so_far() {
    auto messages = nlohmann::json::parse(second.bodies().back())["messages"];
    return messages.size() == 1 ? std::string{} : messages.at(1).at("content").get<std::string>();
  }

  void check_seam(const finished_call& x, const std::string& whole, const std::string& begun) {
    CHECK(x.outcome.status == run_status::degraded);
    CHECK(x.outcome.attempts == 2);
    CHECK(x.outcome.text == whole);
    CHECK(x.deltas == whole);
    CHECK(x.holes == 0);
    CHECK(told_so_far() == begun);
    std::uint64_t seam = utf8::code_points(begun);
    std::uint64_t end = utf8::code_points(whole);
    std::vector<run_part> expected;
    if (seam > 0) expected.push_back({"m", 0, seam});
    if (seam < end) expected.push_back({"other", seam, end});
    REQUIRE(x.outcome.parts.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(x.outcome.parts[i].model == expected[i].model);
      CHECK(x.outcome.parts[i].from == expected[i].from);
      CHECK(x.outcome.parts[i].to == expected[i].to);
    }
  }

  static constexpr std::int64_t stall_ms = 100;
  model_server first, second;
};

} // namespace

TEST_CASE_METHOD(failover, "wherever and however a model dies, the next one goes on without overlap or hole",
                 "[failover]") {
  for (std::string letter : {"x", "ü", "🌊"}) {
    auto pieces = answer_of(letter);
    auto whole = joined(pieces, 0, piece_count);
    for (auto& how : deaths) {
      for (std::size_t k = 0; k <= piece_count; ++k) {
        INFO("a stream of " << letter << " that " << how.what << " after " << k << " pieces");
        texts rest{pieces.begin() + static_cast<long>(k), pieces.end()};
        auto x = fail(k, how, pieces, server_reply::answer(rest));
        check_seam(x, whole, joined(pieces, 0, k));
      }
    }
  }
}

TEST_CASE_METHOD(failover, "a server that repeats the beginning that it was given makes no overlap",
                 "[failover]") {
  auto pieces = answer_of("ü");
  auto whole = joined(pieces, 0, piece_count);
  for (std::size_t k = 0; k <= piece_count; ++k) {
    INFO("after " << k << " pieces");
    auto begun = joined(pieces, 0, k);
    // A short beginning may well be said again: it is not taken for a repeat.
    auto is_repeat = utf8::code_points(begun) >= overlap_filter::min_code_points;
    auto x = fail(k, deaths[0], pieces, server_reply::answer(pieces));
    check_seam(x, is_repeat || k == 0 ? whole : begun + whole, begun);
  }
}

TEST_CASE_METHOD(failover, "a continuation that only begins like the text is kept whole", "[failover]") {
  auto pieces = answer_of("x");
  auto begun = joined(pieces, 0, piece_count);
  auto like = begun.substr(0, begun.size() - 1) + "!";
  check_seam(fail(piece_count, deaths[0], pieces, server_reply::answer({like.substr(0, 9), like.substr(9)})),
             begun + like, begun);
  auto shorter = begun.substr(0, 12);
  check_seam(fail(piece_count, deaths[0], pieces, server_reply::answer({shorter})), begun + shorter, begun);
}
