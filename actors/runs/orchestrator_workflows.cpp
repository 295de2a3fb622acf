// Runs of workflows: how they begin, what they wait for, how they are taken up again after a restart, and
// where they are.

#include "actors/core/json_print.hpp"
#include "actors/runs/orchestrator.hpp"

#include "actors/event/pattern.hpp"
#include "actors/namespace/namespace_actor.hpp"
#include "actors/runs/workflow_run.hpp"

#include <caf/typed_response_promise.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir {

namespace {

constexpr std::uint64_t keys_at_once = 256;
constexpr auto report_timeout = std::chrono::seconds{2};

/// Awaited events in hand, beside the calls: however many runs wait, what they wait for still comes.
constexpr std::uint32_t awaited_window = 256;

std::string run_id_in(const std::string& data) {
  auto x = nlohmann::json::parse(data, nullptr, false);
  if (!x.is_object() || !x.contains("run_id") || !x["run_id"].is_string()) return {};
  return x["run_id"].get<std::string>();
}

std::string print(const run_report& x) {
  auto places = nlohmann::json::array();
  for (auto& at : x.places)
    places.push_back({{"step", at.step},
                      {"path", at.path},
                      {at.waits ? "waits_for" : "agent", at.what},
                      {"since_ms", at.since_ms}});
  nlohmann::json out = {{"run_id", x.run_id},
                        {"target", x.target},
                        {"client_id", x.client_id},
                        {"began_ms", x.began_ms},
                        {"at", std::move(places)}};
  return print_json(out);
}

} // namespace

// -- after a restart

/// Everything is in place: takes up what was in flight, then takes calls.
void orchestrator::make_services() {
  auto out = std::make_shared<run_services>();
  out->ns_name = settings_.ns_name;
  out->ns = settings_.ns;
  out->owner = this;
  for (auto& [name, x] : agents_) out->targets[name] = {x.config, x.door};
  out->models = settings_.models;
  out->store = settings_.store;
  out->keep = settings_.keep;
  out->bounds = settings_.bounds;
  out->wall_clock_ms = settings_.wall_clock_ms;
  out->expiry_clock_ms = settings_.expiry_clock_ms;
  out->awaited_dropped = meters_.all().awaited_dropped;
  for (auto& [name, plan] : settings_.workflows)
    out->workflows[name] = std::make_shared<const workflow_plan>(plan);
  services_ = std::move(out);
}

void orchestrator::read_journals(const std::string& after) {
  auto again = [this, after](std::int64_t after_ms) {
    run_delayed(std::chrono::milliseconds{after_ms}, [this, after] { read_journals(after); });
  };
  auto no = link_.read(scan_keys{settings_.ns_name, journal_keys::prefix, after, keys_at_once},
                       [this, again](store_answer& got) {
                         auto* keys = std::get_if<std::vector<key_entry>>(&got.what);
                         if (keys == nullptr) return again(1000); // no call is taken before
                         for (auto& x : *keys) take_record(x);
                         if (keys->size() == keys_at_once) return read_journals(keys->back().key);
                         take_up({});
                         run_delayed(std::chrono::milliseconds{settings_.bounds.journal_ttl_ms},
                                     [this] { ended_.clear(); }); // by then their calls are settled
                         subscribe();
                       });
  if (no.refused()) again(std::max<std::int64_t>(no.retry_after_ms, 100));
}

/// The keys come run by run, so that one run's records are in memory at a time.
void orchestrator::take_record(key_entry& x) {
  auto place = journal_keys::parse(x.key);
  if (place.seq != journal_.seq) take_up({place.seq, {}});
  if (place.is_end)
    ended_[place.seq] = std::move(x.value);
  else
    journal_.records.push_back(std::move(x.value));
}

void orchestrator::take_up(journal next) {
  auto x = std::exchange(journal_, std::move(next));
  if (x.records.empty() || ended_.count(x.seq) > 0) return;
  try {
    auto job = workflow_run::from_journal(x.seq, std::move(x.records));
    job.services = services_;
    auto id = job.run_id;
    auto& open = runs_[id];
    meters_.runs.value(runs_.size());
    open.plan = std::make_shared<const workflow_plan>(job.plan);
    open.since_ms = accepted_ms(job.began_ms);
    open.order = {id, x.seq, job.began_ms, job.client_id, job.target, {}, 0, job.thread, {}, job.hops, 1};
    if (!job.thread.empty()) threads_.add(id, job.thread, busy_policy::concurrent);
    open.actor = spawn<workflow_run>(std::move(job));
    watch_over(open);
  } catch (const std::exception& error) {
    // Its call is offered again, and begins anew.
    spdlog::error("namespace {}: the journal of the run of call {} cannot be read: {}", settings_.ns_name,
                  x.seq, error.what());
  }
}

std::optional<run_result> orchestrator::ended_as(std::uint64_t seq) {
  auto node = ended_.extract(seq);
  return node.empty() ? std::nullopt : workflow_run::ended_as(node.mapped());
}

/// Also to what runs that were taken up wait for: their workflows may be others by now, or gone.
void orchestrator::subscribe() {
  std::set<std::string> awaited;
  for (auto& [name, x] : services_->workflows) awaited.insert(x->awaited.begin(), x->awaited.end());
  for (auto& [id, x] : runs_)
    if (x.plan) awaited.insert(x.plan->awaited.begin(), x.plan->awaited.end());
  std::vector<std::string> patterns = {"sys.call.*"};
  patterns.insert(patterns.end(), awaited.begin(), awaited.end());
  auto window =
      static_cast<std::uint32_t>(settings_.bounds.runs) + (patterns.size() > 1 ? awaited_window : 0);
  send(settings_.ns,
       subscribe_durably{namespace_actor::orchestrator_name, std::move(patterns), window, this});
}

// -- runs

workflow_plan_ptr orchestrator::find_workflow(const std::string& target) const {
  auto i = services_->workflows.find(target);
  return i == services_->workflows.end() ? nullptr : i->second;
}

void orchestrator::spawn_workflow(open_run& x, workflow_plan_ptr what) {
  workflow_run::config job;
  job.services = services_;
  job.plan = what->plan;
  x.plan = std::move(what);
  if (x.order.timeout_ms > 0 && x.order.timeout_ms < job.plan->timeout_ms) {
    auto shorter = *job.plan;
    shorter.timeout_ms = x.order.timeout_ms;
    job.plan = std::make_shared<const workflow>(std::move(shorter));
  }
  job.run_id = x.order.run_id;
  job.target = x.order.target;
  job.thread = x.order.thread;
  job.seq = x.order.seq;
  job.client_id = x.order.client_id;
  job.input = std::exchange(x.order.input, {}); // the run has it
  job.began_ms = x.order.ts_ms;
  job.hops = x.order.hops;
  job.watchers = std::exchange(x.watchers, {});
  x.actor = spawn<workflow_run>(std::move(job));
  watch_over(x);
}

// -- what they wait for

void orchestrator::on_awaited(const event_ptr& what) {
  auto i = runs_.find(run_id_in(what->data));
  if (i != runs_.end())
    hand_over(i->second, what);
  else
    for (auto& [id, x] : runs_)
      if (awaits_any(x, what->type)) hand_over(x, what);
  if (untaken_.count(what->seq) == 0) settle(what->seq); // nobody waits for it
}

bool orchestrator::awaits_any(const open_run& x, const std::string& type) {
  if (!x.plan) return false;
  auto& patterns = x.plan->awaited_of_any_run;
  return std::any_of(patterns.begin(), patterns.end(), [&](auto& y) { return matches(y, type); });
}

void orchestrator::hand_over(open_run& x, const event_ptr& what) {
  if (!x.actor || !x.plan || !x.events.insert(what->seq).second) return;
  ++untaken_[what->seq];
  send(x.actor, run_event{what});
}

/// An event is done with once every run that it was given to has it in its journal.
void orchestrator::on_taken(open_run& x, std::uint64_t seq) {
  if (x.events.erase(seq) == 0) return;
  auto i = untaken_.find(seq);
  if (i == untaken_.end() || --i->second > 0) return;
  untaken_.erase(i);
  settle(seq);
}

void orchestrator::release_events(open_run& x) {
  for (auto seq : std::set<std::uint64_t>{x.events}) on_taken(x, seq);
}

// -- their time

void orchestrator::on_wake(const wake_run& what) {
  auto who = caf::actor_cast<caf::actor>(current_sender());
  if (!who || run_ids_.count(who.address()) == 0) return; // it is over
  wakes_.set(what.seq, clock().now() + std::chrono::milliseconds{what.after_ms});
  sleepers_[what.seq] = std::move(who);
  arm_wake_timer();
}

void orchestrator::arm_wake_timer() {
  auto next = wakes_.next();
  if (!next || (wake_at_ && *wake_at_ <= *next)) return;
  wake_at_ = next;
  run_delayed(*next - clock().now(), [this] { wake_due(); });
}

void orchestrator::wake_due() {
  auto now = clock().now();
  if (wake_at_ && *wake_at_ <= now) wake_at_ = std::nullopt;
  for (auto seq : wakes_.take_due(now))
    if (auto node = sleepers_.extract(seq); !node.empty()) send(node.mapped(), tick_atom_v);
  arm_wake_timer();
}

// -- where they are

caf::result<admin_answer> orchestrator::list_runs(std::uint32_t limit) {
  struct collector {
    caf::typed_response_promise<admin_answer> promise;
    std::size_t missing = 1;
    std::map<std::int64_t, std::vector<std::string>> runs; // by when they began

    void done() {
      if (--missing > 0) return;
      std::string list;
      for (auto& [began_ms, texts] : runs)
        for (auto& x : texts) list += (list.empty() ? "" : ",") + x;
      promise.deliver(admin_answer{{}, '[' + list + ']'});
    }
  };
  auto all = std::make_shared<collector>();
  all->promise = make_response_promise<admin_answer>();
  std::size_t count = 0;
  for (auto& [id, x] : runs_) {
    if (++count > limit) break;
    run_report known{id, x.order.target, x.order.client_id, x.order.ts_ms, {}};
    auto began_ms = x.order.ts_ms;
    if (!x.actor || !x.plan) {
      all->runs[began_ms].push_back(print(known));
      continue;
    }
    ++all->missing;
    request(x.actor, report_timeout, run_query_atom_v)
        .then(
            [all, began_ms](const run_report& got) {
              all->runs[began_ms].push_back(print(got));
              all->done();
            },
            [all, began_ms, known](const caf::error&) {
              all->runs[began_ms].push_back(print(known));
              all->done();
            });
  }
  auto promise = all->promise;
  all->done();
  return promise;
}

} // namespace weir
