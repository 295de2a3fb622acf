#include "tests/crash/checker.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace weir::test {

namespace {

using deliveries = std::vector<const handed_out*>;

/// When the connection over which `x` came was over, as far as the worker could not have known better.
moment end_of_connection(const handed_out& x, const std::vector<moment>& kills) {
  auto end = x.connection_cut == 0 ? INT64_MAX : x.connection_cut;
  auto kill = std::lower_bound(kills.begin(), kills.end(), x.connection_began);
  return kill == kills.end() ? end : std::min(end, *kill);
}

void check_once(const std::string& event_id, const deliveries& times, const history& run, verdict& out) {
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (!times[i]->acked) continue;
    for (std::size_t k = i + 1; k < times.size(); ++k)
      if (end_of_connection(*times[i], run.kills) > times[k]->at)
        out.add("served_again", event_id + " was acked by " + times[i]->worker + ", then went to "
                                    + times[k]->worker + " though nothing had broken");
  }
}

} // namespace

void check_queue(const history& run, verdict& out) {
  if (run.queue_pattern.empty()) return;
  std::unordered_map<std::string, deliveries> by_event;
  for (auto& x : run.jobs) by_event[x.event_id].push_back(&x);
  std::unordered_set<std::string> dead;
  for (auto& x : run.log)
    if (!x.dead_letter.empty()) dead.insert(x.dead_letter);
  for (auto& x : run.log) {
    if (!is_meant(run.queue_pattern, x.type)) continue;
    auto& times = by_event[x.event_id];
    auto acked = std::any_of(times.begin(), times.end(), [](auto* one) { return one->acked; });
    if (!acked && dead.count(x.event_id) == 0)
      out.add("unserved", x.event_id + " at seq " + std::to_string(x.seq) + " was handed out "
                              + std::to_string(times.size()) + " times and never acked");
    check_once(x.event_id, times, run, out);
  }
}

} // namespace weir::test
