#include "tests/crash/rollback_checker.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace weir::test {

namespace {

using position = std::pair<std::string, std::uint64_t>; // epoch and seq

std::string text_of(const position& x) { return x.first + ':' + std::to_string(x.second); }

/// Which event each position is, as everybody says.
class positions {
public:
  explicit positions(verdict& out) : out_(out) {}

  void add(const position& at, const std::string& event_id, const std::string& who) {
    auto [there, added] = events_.try_emplace(at, event_id);
    if (!added && there->second != event_id)
      out_.add("given_twice", text_of(at) + " is " + there->second + ", and for " + who + " " + event_id);
  }

private:
  verdict& out_;
  std::map<position, std::string> events_;
};

/// What one session is due in one epoch.
struct stay {
  std::uint64_t due_from = UINT64_MAX; // not subscribed yet
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
  std::set<std::uint64_t> seen;
  bool left = false;

  bool is_due(std::uint64_t seq) const {
    auto in = [seq](auto& gap) { return gap.first <= seq && seq <= gap.second; };
    return seq >= due_from && std::none_of(gaps.begin(), gaps.end(), in);
  }
  std::uint64_t newest() const { return seen.empty() ? 0 : *seen.rbegin(); }
};

class session_walk {
public:
  session_walk(const told_session& session, const rollback_history& run, verdict& out)
    : session_(session), run_(run), out_(out) {}

  void check() {
    for (auto& x : session_.all) step(x);
    if (expects_gap_) wrong("untold", "was not told how " + epoch_ + " began for it");
    if (epoch_ != run_.epoch) wrong("untold", "is in epoch " + epoch_ + ", the log is in " + run_.epoch);
    for (auto& x : run_.acks) {
      auto there = stays_.find(x.epoch);
      if (there == stays_.end()) continue;
      auto& stay = there->second;
      auto reached = x.epoch == run_.epoch || x.seq < stay.newest();
      if (reached && stay.is_due(x.seq) && stay.seen.count(x.seq) == 0)
        wrong("missed", x.event_id + " at " + text_of({x.epoch, x.seq}));
    }
  }

private:
  void wrong(const char* rule, const std::string& what) { out_.add(rule, session_.name + ": " + what); }

  void step(const told& x) {
    switch (x.kind) {
    case told::what::welcome:
      return on_welcome(x);
    case told::what::gap:
      return on_gap(x);
    case told::what::asked:
      return on_asked(x);
    case told::what::event:
      return on_event(x);
    }
  }

  void on_welcome(const told& x) {
    if (expects_gap_) wrong("untold", "was not told how " + epoch_ + " began for it");
    if (epoch_.empty()) return enter(x.epoch);
    if (x.recovered && x.epoch != epoch_) wrong("untold", "recovered into " + x.epoch + " from " + epoch_);
    if (x.recovered && x.seq < stays_[epoch_].newest())
      wrong("untold", "was welcomed behind what it had seen");
    expects_gap_ = !x.recovered;
    welcomed_to_ = x.epoch;
    // Its subscriptions may be gone: it asks again, and what comes until then may be for it or not.
    if (!x.recovered) asks_again_ = true;
  }

  void on_gap(const told& x) {
    expects_gap_ = false;
    if (x.epoch != epoch_) enter(x.epoch);
    auto& now = stays_[epoch_];
    now.gaps.emplace_back(x.from, x.seq);
    if (x.reason == "epoch" && subscribed_) now.due_from = std::min(now.due_from, x.seq + 1);
  }

  void on_asked(const told& x) {
    subscribed_ = true;
    auto& now = stays_[epoch_];
    now.due_from = std::min(now.due_from, x.seq + 1);
    if (std::exchange(asks_again_, false)) now.gaps.emplace_back(0, x.seq);
  }

  void on_event(const told& x) {
    auto& now = stays_[epoch_];
    if (now.seen.count(x.seq) > 0)
      wrong("repeated", x.event_id + " at " + text_of({epoch_, x.seq}));
    else if (x.seq < now.newest())
      wrong("reordered", x.event_id + " at " + text_of({epoch_, x.seq}));
    now.seen.insert(x.seq);
  }

  void enter(const std::string& epoch) {
    if (!epoch_.empty()) stays_[epoch_].left = true;
    epoch_ = epoch;
    if (stays_[epoch].left) wrong("came_back", "is in epoch " + epoch + " again");
  }

  const told_session& session_;
  const rollback_history& run_;
  verdict& out_;
  std::string epoch_, welcomed_to_;
  bool expects_gap_ = false, asks_again_ = false, subscribed_ = false;
  std::map<std::string, stay> stays_;
};

void check_log(const rollback_history& run, verdict& out) {
  std::map<std::uint64_t, std::string> log;
  for (auto& x : run.log) log[x.seq] = x.event_id;
  for (auto& x : run.acks) {
    if (x.epoch != run.epoch) continue;
    auto there = log.find(x.seq);
    if (there == log.end() || there->second != x.event_id)
      out.add("lost", x.event_id + " was acknowledged at " + text_of({x.epoch, x.seq}));
  }
}

} // namespace

verdict check_rollback(const rollback_history& run) {
  verdict out;
  for (auto& x : run.faults) out.add("fault", x);
  positions events{out};
  std::set<std::string> epochs;
  for (auto& x : run.acks) events.add({x.epoch, x.seq}, x.event_id, "a publisher"), epochs.insert(x.epoch);
  for (auto& x : run.log) events.add({run.epoch, x.seq}, x.event_id, "the log");
  for (auto& session : run.sessions) {
    std::string epoch;
    for (auto& x : session.all) {
      if (x.kind == told::what::gap || (x.kind == told::what::welcome && epoch.empty())) epoch = x.epoch;
      if (x.kind == told::what::event) events.add({epoch, x.seq}, x.event_id, session.name);
      epochs.insert(epoch);
    }
    session_walk{session, run, out}.check();
  }
  check_log(run, out);
  if (run.must_stay && epochs.size() > 1) out.add("changed", std::to_string(epochs.size()) + " epochs");
  return out;
}

} // namespace weir::test
