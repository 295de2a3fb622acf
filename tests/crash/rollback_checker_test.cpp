#include "tests/crash/rollback_checker.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir::test;

namespace {

told welcome(const std::string& epoch, std::uint64_t seq, bool recovered = false) {
  return {told::what::welcome, epoch, seq, 0, {}, {}, recovered};
}
told asked(const std::string& epoch, std::uint64_t seq) {
  return {told::what::asked, epoch, seq, 0, {}, {}, false};
}
told gap(const std::string& epoch, std::uint64_t to) {
  return {told::what::gap, epoch, to, 1, {}, "epoch", false};
}
told event(const std::string& epoch, std::uint64_t seq, const std::string& id) {
  return {told::what::event, epoch, seq, 0, id, {}, false};
}

/// Two events of e1, of which one is lost; then two of e2.
rollback_history good() {
  rollback_history out;
  out.acks = {{"e1", 1, "p/a"}, {"e1", 2, "p/b"}, {"e2", 2, "p/c"}, {"e2", 3, "p/d"}};
  out.log = {{{}, 1, "p/a"}, {{}, 2, "p/c"}, {{}, 3, "p/d"}};
  out.epoch = "e2";
  out.sessions = {{"live",
                   {welcome("e1", 0), asked("e1", 0), event("e1", 1, "p/a"), event("e1", 2, "p/b"),
                    gap("e2", 1), event("e2", 2, "p/c"), event("e2", 3, "p/d")}},
                  {"absent",
                   {welcome("e1", 0), asked("e1", 0), event("e1", 1, "p/a"), welcome("e2", 3), gap("e2", 3),
                    asked("e2", 3)}}};
  return out;
}

bool breaks(const rollback_history& run, const char* rule) { return check_rollback(run).has(rule); }

} // namespace

TEST_CASE("a history that goes back and says so is right", "[checker]") {
  INFO(check_rollback(good()).text());
  CHECK(check_rollback(good()).ok());
}

TEST_CASE("an event that is missed without a gap is found, in the last epoch and in one before",
          "[checker]") {
  auto x = good();
  x.sessions[0].all.erase(x.sessions[0].all.begin() + 5);
  CHECK(breaks(x, "missed"));
  x = good();
  x.sessions[0].all.erase(x.sessions[0].all.begin() + 2);
  CHECK(breaks(x, "missed"));
  x = good();
  x.sessions[1].all[4].seq = 2; // its gap ends before what it has not got
  x.sessions[1].all[5].seq = 2;
  CHECK(breaks(x, "missed"));
}

TEST_CASE("an epoch that nobody was told of is found", "[checker]") {
  auto x = good();
  x.sessions[1].all.resize(4);
  CHECK(breaks(x, "untold"));
  x = good();
  x.sessions[1].all[3] = welcome("e2", 3, true);
  CHECK(breaks(x, "untold"));
  x = good();
  x.sessions[0].all.push_back(gap("e1", 1));
  CHECK(breaks(x, "came_back"));
}

TEST_CASE("a position that is given twice in one epoch is found", "[checker]") {
  auto x = good();
  x.acks.push_back({"e1", 2, "p/c"});
  CHECK(breaks(x, "given_twice"));
  x = good();
  x.sessions[0].all[5].event_id = "p/x";
  CHECK(breaks(x, "given_twice"));
}

TEST_CASE("events that come again or backwards, or are lost in the last epoch, are found", "[checker]") {
  auto x = good();
  x.sessions[0].all.push_back(event("e2", 3, "p/d"));
  CHECK(breaks(x, "repeated"));
  x = good();
  std::swap(x.sessions[0].all[5], x.sessions[0].all[6]);
  CHECK(breaks(x, "reordered"));
  x = good();
  x.log.pop_back();
  CHECK(breaks(x, "lost"));
}

TEST_CASE("a new epoch though nothing was lost is found", "[checker]") {
  auto x = good();
  x.must_stay = true;
  CHECK(breaks(x, "changed"));
}
