#include "tests/crash/checker.hpp"

#include <algorithm>
#include <unordered_map>

namespace weir::test {

namespace {

enum class due { no, maybe, yes };

using log_index = std::unordered_map<std::uint64_t, const logged*>;

class session_check {
public:
  session_check(const history& run, const log_index& by_seq, const session_record& session, verdict& out)
    : run_(run), by_seq_(by_seq), session_(session), out_(out) {}

  void run() {
    check_welcomes();
    for (auto& x : session_.gaps)
      if (x.reason != "ephemeral_dropped") // those were never promised
        wrong("gap", "was told that " + std::to_string(x.from) + " to " + std::to_string(x.to)
                         + " are missing: " + x.reason);
    for (auto& x : session_.subscriptions)
      if (session_.to_the_end && x.after == UINT64_MAX) wrong("unanswered", "subscribe " + x.pattern);
    check_order();
    check_content();
    check_complete();
  }

private:
  void wrong(const char* rule, const std::string& what) { out_.add(rule, session_.name + ": " + what); }

  static std::string name_of(const received& x) { return x.event_id + " at seq " + std::to_string(x.seq); }

  void check_welcomes() {
    for (auto& x : session_.welcomes) {
      if (x.epoch != run_.epoch) wrong("epoch", "was welcomed to " + x.epoch + ", the log is " + run_.epoch);
      if (x.seq < x.last_seq)
        wrong("rewound",
              "has seen seq " + std::to_string(x.last_seq) + ", was welcomed at " + std::to_string(x.seq));
      if (x.must_recover && !x.recovered) wrong("unrecovered", "after seq " + std::to_string(x.last_seq));
    }
  }

  void check_order() {
    std::uint64_t newest = 0;
    std::unordered_map<std::uint64_t, int> times;
    for (auto& x : session_.events) {
      if (++times[x.seq] > 1)
        wrong("repeated", name_of(x) + ", the newest was " + std::to_string(newest));
      else if (x.seq < newest)
        wrong("reordered", name_of(x) + " after one at " + std::to_string(newest));
      newest = std::max(newest, x.seq);
    }
  }

  void check_content() {
    for (auto& x : session_.events) {
      auto there = by_seq_.find(x.seq);
      if (there == by_seq_.end() || there->second->event_id != x.event_id)
        wrong("unknown", name_of(x) + " is not in the log there");
      else if (there->second->content != x.content)
        wrong("altered", name_of(x) + " is not as in the log");
      else if (is_due(*there->second) == due::no)
        wrong("unwanted", name_of(x) + " of type " + there->second->type);
    }
  }

  void check_complete() {
    std::unordered_map<std::uint64_t, const received*> seen;
    for (auto& x : session_.events) seen.emplace(x.seq, &x);
    auto end = last_position();
    for (auto& x : run_.log)
      if (x.seq <= end && is_due(x) == due::yes && seen.count(x.seq) == 0)
        wrong("missed", x.event_id + " at seq " + std::to_string(x.seq) + " of type " + x.type);
  }

  std::uint64_t last_position() const {
    std::uint64_t out = 0;
    for (auto& x : session_.events) out = std::max(out, x.seq);
    return session_.to_the_end ? UINT64_MAX : out;
  }

  due is_due(const logged& x) const {
    auto out = due::no;
    for (auto& subscribed : session_.subscriptions) {
      if (x.seq <= subscribed.maybe_after || !is_meant(subscribed.pattern, x.type)) continue;
      out = std::max(out, x.seq > subscribed.after ? due::yes : due::maybe);
    }
    return out;
  }

  const history& run_;
  const log_index& by_seq_;
  const session_record& session_;
  verdict& out_;
};

} // namespace

void check_sessions(const history& run, verdict& out) {
  log_index by_seq;
  for (auto& x : run.log) by_seq.emplace(x.seq, &x);
  for (auto& x : run.sessions) session_check{run, by_seq, x, out}.run();
}

} // namespace weir::test
