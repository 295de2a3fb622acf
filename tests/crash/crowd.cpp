#include "tests/crash/crowd.hpp"

#include <algorithm>
#include <stdexcept>

namespace weir::test {

namespace {

using namespace std::chrono_literals;

/// Patterns that overlap, that begin at once or at the first event, sessions that stay and that come and go.
std::vector<habits> reading_habits(std::size_t slow_readers) {
  std::vector<habits> out = {
      {{{">", true, {}}}, false, false},
      {{{"chat.*.message", false, {}}, {"note.>", false, {}}}, false, false},
      {{{"chat.>", false, {}}, {"chat.r1.*", false, {}}, {"chain.*.*", false, {}}}, false, false},
      {{{"chat.r2.>", false, {}}, {"job.*", false, {}}, {"chain.c.*", false, {}}}, true, false},
  };
  for (std::size_t i = 0; i < slow_readers; ++i)
    out.push_back({{{i % 2 == 0 ? ">" : "chat.>", false, {}}}, false, true});
  return out;
}

template <class Predicate>
bool wait_until(std::chrono::milliseconds at_most, Predicate done) {
  auto deadline = std::chrono::steady_clock::now() + at_most;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

template <class Clients>
bool all_ready(const Clients& x) {
  return std::all_of(x.begin(), x.end(), [](auto& one) { return one->is_ready(); });
}

} // namespace

crowd::crowd(std::vector<std::string> urls, const cast& who, std::uint32_t seed)
  : slow_readers_(who.slow_readers) {
  context_.urls = std::move(urls);
  auto name = [](const char* role, std::size_t i) { return role + std::to_string(i); };
  auto habits = reading_habits(who.slow_readers);
  for (std::size_t i = 0; i < habits.size(); ++i)
    subscribers_.push_back(
        std::make_unique<subscriber>(context_, name(habits[i].slow ? "slow" : "sub", i), ++seed, habits[i]));
  for (std::size_t i = 0; i < who.workers; ++i)
    workers_.push_back(std::make_unique<worker>(context_, name("worker", i), ++seed, "job.*"));
  for (std::size_t i = 0; i < who.publishers; ++i)
    publishers_.push_back(std::make_unique<publisher>(context_, name("pub", i), ++seed, who.publishing));
}

crowd::~crowd() {
  context_.stopping = true;
  for (auto& x : threads_) x.join();
}

void crowd::launch(resuming_client& x) {
  threads_.emplace_back([&x] { x.run(); });
}

void crowd::start() {
  for (auto& x : subscribers_) launch(*x);
  for (auto& x : workers_) launch(*x);
  if (!wait_until(20s, [this] { return all_ready(subscribers_) && all_ready(workers_); }))
    throw std::runtime_error("a subscribe is not answered in 20 s");
  for (auto& x : publishers_) launch(*x);
}

void crowd::start_at_once() {
  for (auto* x : everyone()) launch(*x);
}

std::vector<resuming_client*> crowd::everyone() const {
  std::vector<resuming_client*> out;
  for (auto& x : publishers_) out.push_back(x.get());
  for (auto& x : workers_) out.push_back(x.get());
  for (auto& x : subscribers_) out.push_back(x.get());
  return out;
}

void crowd::cut_one(std::mt19937& rng) {
  auto all = everyone();
  auto quick = all.size() - slow_readers_;
  all[rng() % (rng() % 50 == 0 ? all.size() : quick)]->cut();
}

bool crowd::all_published() const {
  return std::all_of(publishers_.begin(), publishers_.end(), [](auto& x) { return x->is_done(); });
}

void crowd::settle(std::chrono::milliseconds quiet, std::chrono::milliseconds at_most) {
  context_.draining = true;
  context_.progress();
  wait_until(at_most, [&] {
    return all_published()
           && context_.now() - context_.last_progress > std::chrono::microseconds{quiet}.count();
  });
}

history crowd::end() {
  context_.stopping = true;
  for (auto& x : threads_) x.join();
  threads_.clear();
  history out;
  out.log = read_log(context_.urls.front(), out.epoch);
  out.kills = kills_;
  if (!workers_.empty()) out.queue_pattern = "job.*";
  for (auto& x : publishers_)
    out.publishes.insert(out.publishes.end(), x->record().begin(), x->record().end());
  for (auto& x : subscribers_)
    for (auto& session : x->records()) out.sessions.push_back(session);
  for (auto& x : workers_) out.jobs.insert(out.jobs.end(), x->jobs().begin(), x->jobs().end());
  std::stable_sort(out.jobs.begin(), out.jobs.end(),
                   [](const handed_out& a, const handed_out& b) { return a.at < b.at; });
  for (auto* x : everyone()) out.faults.insert(out.faults.end(), x->faults().begin(), x->faults().end());
  return out;
}

std::string crowd::summary(const history& run) const {
  std::size_t seen = 0, repeats = 0, resumes = 0, lagging = 0, dead = 0;
  for (auto& x : run.sessions) seen += x.events.size();
  for (auto& x : run.publishes)
    for (auto& ok : x.oks) repeats += ok.duplicate ? 1 : 0;
  for (auto& x : run.log) dead += x.dead_letter.empty() ? 0 : 1;
  for (auto* x : everyone()) resumes += x->resumes();
  for (auto& x : subscribers_) lagging += x->times_lagging();
  return std::to_string(run.kills.size()) + " kills, " + std::to_string(resumes) + " resumes, "
         + std::to_string(run.log.size()) + " events in the log, " + std::to_string(run.publishes.size())
         + " published, " + std::to_string(repeats) + " repeats recognised, " + std::to_string(seen)
         + " received in " + std::to_string(run.sessions.size()) + " sessions, "
         + std::to_string(run.jobs.size()) + " jobs handed out, " + std::to_string(dead)
         + " dead letters, lagging " + std::to_string(lagging) + " times";
}

} // namespace weir::test
