#include "actors/calls/model_call.hpp"

#include <caf/actor_clock.hpp>

#include <set>

namespace weir {

namespace {

call_step step_for(const model_config& model) {
  return {model.name, false, model.retries, model.attempt_timeout_ms};
}

/// Follows fallbacks from model to model.
class chain {
public:
  explicit chain(const model_directory& models) : models_(models) {}

  void visit(const model_config& model, bool is_fallback) {
    if (!seen_.insert(model.name).second) return;
    steps_.push_back(step_for(model));
    for (auto& x : model.fallback) {
      auto i = models_.find(x.value);
      if (x.canned)
        (is_fallback ? last_ : steps_).push_back({x.value, true, 0, 0});
      else if (i != models_.end())
        visit(i->second.config, true);
    }
  }

  std::vector<call_step> take() {
    steps_.insert(steps_.end(), last_.begin(), last_.end());
    return std::move(steps_);
  }

private:
  const model_directory& models_;
  std::set<std::string> seen_;
  std::vector<call_step> steps_, last_;
};

std::int64_t timeout_for(const model_config& model, std::int64_t wanted_ms) {
  return wanted_ms > 0 ? std::min(wanted_ms, model.timeout_ms) : model.timeout_ms;
}

} // namespace

std::vector<call_step> model_call::steps_for(const model_directory& models, const model_config& model) {
  chain way{models};
  way.visit(model, false);
  return way.take();
}

std::shared_ptr<model_call> model_call::make(caf::event_based_actor* self, const model_directory& models,
                                             model_question what, callbacks then) {
  auto i = models.find(what.model);
  model_config model;
  model.name = what.model; // one that is not there is refused when it is asked
  if (i != models.end()) model = i->second.config;
  auto steps = steps_for(models, model);
  std::map<std::string, pool_handle> pools;
  for (auto& x : steps)
    if (auto found = models.find(x.value); !x.canned && found != models.end()) pools.insert(*found);
  call_plan plan{std::move(steps), timeout_for(model, what.timeout_ms), backoff{}, what.seed};
  return std::shared_ptr<model_call>{
      new model_call(self, std::move(pools), std::move(plan), std::move(what), std::move(then))};
}

model_call::model_call(caf::event_based_actor* self, std::map<std::string, pool_handle> pools, call_plan plan,
                       model_question what, callbacks then)
  : self_(self), pools_(std::move(pools)), plan_(std::move(plan)), what_(std::move(what)),
    then_(std::move(then)) {}

model_call::~model_call() {
  stop_timers();
  // An owner that has ended can send no more; the pool notices its end itself.
  if (!self_->getf(caf::abstract_actor::is_terminated_flag | caf::abstract_actor::is_cleaned_up_flag))
    end_attempt();
}

void model_call::start() {
  auto keep = shared_from_this();
  auto first = plan_.begin(now());
  auto weak = weak_from_this();
  deadline_timer_ = self_->run_delayed(plan_.deadline() - now(), [weak] {
    auto call = weak.lock();
    if (call && !call->plan_.over()) call->act(call->plan_.on_deadline(call->now()));
  });
  act(std::move(first));
}

void model_call::cancel() {
  auto keep = shared_from_this();
  if (!plan_.over()) act(plan_.on_cancel(now()));
}

void model_call::on(const model_piece& x) {
  if (x.id != attempt_id_) return;
  auto keep = shared_from_this();
  plan_.on_started(x.queued_ms);
  if (!attempt_started_) {
    attempt_started_ = now();
    note(model_stages::stage::queued);
  }
  if (!x.text.empty() && !std::exchange(has_piece_, true)) note(model_stages::stage::first_piece);
  pass_on(overlap_.add(x.text));
}

void model_call::on(const model_done& x) {
  if (x.id != attempt_id_) return;
  auto keep = shared_from_this();
  settle(x.end.usage);
  note(model_stages::stage::done);
  attempt_id_ = 0;
  pass_on(overlap_.flush());
  if (plan_.over()) return; // cancelled just now
  act(plan_.on_done(x.end, now()));
}

void model_call::on(const model_failed& x) {
  if (x.id != attempt_id_) return;
  auto keep = shared_from_this();
  settle({});
  attempt_id_ = 0;
  if (x.refused) return act(refused(x.error));
  note(model_stages::stage::done);
  act(plan_.on_failed(x.error, x.retryable, now()));
}

caf::actor_clock::time_point model_call::now() const { return self_->clock().now(); }

void model_call::act(call_plan::action next) {
  std::visit([this](const auto& x) { act(x); }, next);
}

void model_call::act(const call_plan::ask& next) {
  auto i = pools_.find(next.model);
  if (i == pools_.end())
    return act(plan_.on_refused(
        {code::unavailable, "unavailable", "no model named " + next.model, 0, {}, 0, 0}, now()));
  auto& pool = i->second;
  model_ = next.model;
  account_ = pool.account;
  stages_ = pool.stages;
  if (auto no = account_ ? account_->check(now()) : refusal{}; no.refused()) {
    account_->on_refused(model_, no.reason);
    return act(plan_.on_over_quota(std::move(no), now()));
  }
  auto place = pool.box->try_take();
  if (auto* no = std::get_if<refusal>(&place)) return act(refused(std::move(*no)));
  attempt_id_ = what_.number << 8 | next.attempt;
  attempt_asked_ = now();
  attempt_started_.reset();
  has_piece_ = false;
  attempt_from_ = plan_.text().size();
  overlap_ = overlap_filter{plan_.text()};
  asked_ = pool.actor;
  // A request, so that one that dies with the pool before it was read is answered too.
  auto lost = [weak = weak_from_this(), id = attempt_id_, model = model_](const caf::error&) {
    refusal why{code::unavailable, "unavailable", "the pool of model " + model + " is gone", 0, {}, 0, 0};
    if (auto call = weak.lock()) call->on(model_failed{id, std::move(why), true});
  };
  self_->request(asked_, caf::infinite, std::get<permit>(std::move(place)), request_for(next))
      .then([] {}, std::move(lost));
}

call_plan::action model_call::refused(refusal why) {
  if (account_) account_->on_refused(model_, why.reason);
  return plan_.on_refused(std::move(why), now());
}

void model_call::act(const call_plan::pause& next) {
  auto weak = weak_from_this();
  pause_timer_ = self_->run_delayed(next.time, [weak] {
    auto call = weak.lock();
    if (call && !call->plan_.over()) call->act(call->plan_.on_pause_over(call->now()));
  });
}

void model_call::act(const call_plan::finish& next) {
  stop_timers();
  end_attempt();
  auto then = std::exchange(then_, {});
  if (!next.rest.empty() && then.on_delta) then.on_delta(0, next.rest);
  if (then.on_finished) then.on_finished(plan_.outcome());
}

void model_call::pass_on(const std::string& text) {
  if (text.empty()) return;
  auto at = plan_.on_piece(text, now());
  if (then_.on_delta) then_.on_delta(at, text);
}

// Whoever goes on from a text is shown it as what the assistant has said so far.
model_request model_call::request_for(const call_plan::ask& next) const {
  auto messages = what_.messages;
  if (!plan_.text().empty()) messages.push_back({"assistant", plan_.text()});
  return {what_.number << 8 | next.attempt,   what_.ns,    std::move(messages), next.timeout_ms,
          caf::actor_cast<caf::actor>(self_), what_.tools, what_.options};
}

void model_call::settle(token_usage used) {
  if (!account_ || !attempt_started_) return;
  if (used.input_tokens + used.output_tokens == 0)
    used = estimate_usage(what_.messages, plan_.text().substr(attempt_from_));
  account_->on_used(model_, used, now() - *attempt_started_, now());
  attempt_started_.reset();
}

void model_call::end_attempt() {
  if (attempt_id_ == 0) return;
  settle({});
  note(model_stages::stage::done);
  self_->send(asked_, model_cancel_atom_v, std::exchange(attempt_id_, 0));
}

void model_call::note(model_stages::stage what) const {
  if (stages_) stages_->observe(what, now() - attempt_asked_);
}

void model_call::stop_timers() {
  if (deadline_timer_) deadline_timer_.dispose();
  if (pause_timer_) pause_timer_.dispose();
}

} // namespace weir
