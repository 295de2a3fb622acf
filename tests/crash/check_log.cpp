#include "tests/crash/checker.hpp"

#include <unordered_map>
#include <unordered_set>

namespace weir::test {

namespace {

using log_index = std::unordered_map<std::string, const logged*>;

std::string at(std::uint64_t seq) { return " at seq " + std::to_string(seq); }

bool is_the_nodes_own(const std::string& client_id) {
  return client_id == "sys" || client_id.rfind("agent:", 0) == 0;
}

/// Positions and ids: rising without a hole, each id once.
log_index check_positions(const history& run, verdict& out) {
  log_index by_id;
  std::uint64_t previous = 0;
  for (auto& x : run.log) {
    if (x.seq <= previous)
      out.add("order", x.event_id + at(x.seq) + " after one" + at(previous));
    else if (x.seq != previous + 1)
      out.add("hole", "nothing between" + at(previous) + " and" + at(x.seq));
    previous = x.seq;
    auto [there, added] = by_id.try_emplace(x.event_id, &x);
    if (!added) out.add("twice", x.event_id + at(there->second->seq) + " and" + at(x.seq));
  }
  return by_id;
}

void check_acknowledged(const published& sent, const logged* kept, verdict& out) {
  if (sent.oks.empty()) return out.add("unanswered", sent.event_id);
  for (auto& ok : sent.oks)
    if (ok.seq != sent.oks.front().seq)
      out.add("moved", sent.event_id + " was answered with" + at(sent.oks.front().seq) + " and" + at(ok.seq));
  if (kept == nullptr) return out.add("lost", sent.event_id + " was acknowledged" + at(sent.oks.front().seq));
  if (kept->seq != sent.oks.front().seq)
    out.add("moved", sent.event_id + " was acknowledged" + at(sent.oks.front().seq) + ", is" + at(kept->seq));
  if (kept->content != sent.content || kept->type != sent.type)
    out.add("changed", sent.event_id + " is not as it was published");
}

void check_publishes(const history& run, const log_index& by_id, verdict& out) {
  std::unordered_set<std::string> sent;
  for (auto& x : run.publishes) {
    auto there = by_id.find(x.event_id);
    check_acknowledged(x, there == by_id.end() ? nullptr : there->second, out);
    sent.insert(x.event_id);
  }
  for (auto& x : run.log)
    if (!is_the_nodes_own(x.client_id) && sent.count(x.event_id) == 0)
      out.add("stranger", x.event_id + at(x.seq) + " was published by nobody");
}

void check_causes(const history& run, const log_index& by_id, verdict& out) {
  for (auto& x : run.log) {
    if (x.prev_event_id.empty() || x.causal_gap) continue;
    auto cause = by_id.find(x.prev_event_id);
    if (cause == by_id.end())
      out.add("causal", x.event_id + at(x.seq) + " without its predecessor " + x.prev_event_id);
    else if (cause->second->seq >= x.seq)
      out.add("causal", x.event_id + at(x.seq) + " before its predecessor" + at(cause->second->seq));
  }
}

} // namespace

void check_log(const history& run, verdict& out) {
  auto by_id = check_positions(run, out);
  check_publishes(run, by_id, out);
  check_causes(run, by_id, out);
}

void check_chain(const history& run, verdict& out) {
  std::unordered_map<std::string, int> links[3];
  std::unordered_set<std::string> dead; // in an agent's hands at two deaths of the node
  for (auto& x : run.log)
    if (!x.dead_letter.empty()) dead.insert(x.dead_letter);
  std::unordered_set<std::string> excused;
  for (auto& x : run.log)
    if (dead.count(x.event_id) > 0) excused.insert(x.type);
  for (auto& x : run.log)
    for (int i = 0; i < 3; ++i)
      if (is_meant(std::string{"chain."} + "abc"[i] + ".*", x.type)) ++links[i][x.type.substr(8)];
  for (int i = 0; i < 3; ++i)
    for (auto& [name, count] : links[i]) {
      auto type = std::string{"chain."} + "abc"[i] + '.' + name;
      if (count != 1) out.add("chain", type + " is there " + std::to_string(count) + " times");
      if (i < 2 && links[i + 1].count(name) == 0 && excused.count(type) == 0)
        out.add("chain", type + " has had no effect");
      if (i > 0 && links[i - 1].count(name) == 0) out.add("chain", type + " has no cause");
    }
}

} // namespace weir::test
