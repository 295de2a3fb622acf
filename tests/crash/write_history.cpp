#include "tests/crash/write_history.hpp"

#include <nlohmann/json.hpp>

#include <fstream>

namespace weir::test {

namespace {

using json = nlohmann::json;

void write_session(const session_record& x, std::ostream& out) {
  for (auto& s : x.subscriptions)
    out << json{{"what", "session"},    {"name", x.name},
                {"pattern", s.pattern}, {"maybe_after", s.maybe_after},
                {"after", s.after},     {"to_the_end", x.to_the_end}}
        << '\n';
  for (auto& w : x.welcomes)
    out << json{{"what", "welcome"},
                {"name", x.name},
                {"seq", w.seq},
                {"last_seq", w.last_seq},
                {"must_recover", w.must_recover},
                {"recovered", w.recovered},
                {"at", w.at}}
        << '\n';
  for (auto& g : x.gaps)
    out << json{{"what", "gap"}, {"name", x.name}, {"from", g.from}, {"to", g.to}, {"reason", g.reason}}
        << '\n';
  for (auto& e : x.events)
    out << json{{"what", "received"},
                {"name", x.name},
                {"seq", e.seq},
                {"event_id", e.event_id},
                {"at", e.at}}
        << '\n';
}

} // namespace

void write_history(const history& run, const std::string& path) {
  std::ofstream out(path);
  for (auto& x : run.log)
    out << json{{"what", "log"},           {"seq", x.seq},
                {"event_id", x.event_id},  {"type", x.type},
                {"prev", x.prev_event_id}, {"causal_gap", x.causal_gap}}
        << '\n';
  for (auto& x : run.publishes) {
    auto oks = json::array();
    for (auto& ok : x.oks) oks.push_back({ok.seq, ok.duplicate});
    out << json{{"what", "published"}, {"event_id", x.event_id}, {"type", x.type}, {"oks", oks}} << '\n';
  }
  for (auto& x : run.sessions) write_session(x, out);
  for (auto& x : run.jobs)
    out << json{{"what", "job"},    {"worker", x.worker},          {"event_id", x.event_id}, {"at", x.at},
                {"acked", x.acked}, {"began", x.connection_began}, {"cut", x.connection_cut}}
        << '\n';
  for (auto x : run.kills) out << json{{"what", "kill"}, {"at", x}} << '\n';
}

} // namespace weir::test
