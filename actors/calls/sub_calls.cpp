#include "actors/calls/sub_calls.hpp"

#include <algorithm>
#include <utility>

namespace weir {

using std::chrono::milliseconds;

namespace {

constexpr auto answer_timeout = std::chrono::seconds{5};
constexpr std::uint32_t max_attempts = 5;

std::string run_id_of(const call_request& what) { return what.client_id + '/' + what.message_id; }

refusal full(std::size_t depth) {
  return {code::too_many, "namespace_full",    "too many calls in flight from one caller", 1000, "namespace",
          depth,          sub_calls::max_calls};
}

} // namespace

sub_calls::~sub_calls() {
  *alive_ = false;
  for (auto& [number, x] : open_) x.timer.dispose();
}

std::uint64_t sub_calls::start(call_request what, continuation then) {
  if (open_.size() >= max_calls) {
    run_result out;
    out.run_id = run_id_of(what);
    out.error = full(open_.size());
    then(out);
    return 0;
  }
  auto number = next_number_++;
  what.caller = {caf::actor_cast<caf::actor>(self_), number, false};
  auto timeout = milliseconds{what.timeout_ms} + grace;
  auto& x = open_[number];
  x.what = std::move(what);
  x.then = std::move(then);
  x.timer = self_->run_delayed(timeout, [this, alive = alive_, number] {
    if (*alive)
      fail(number, {code::deadline, "deadline", "the call has not ended within its time", 0, {}, 0, 0});
  });
  ask(number);
  return number;
}

void sub_calls::cancel(std::uint64_t number) {
  if (auto i = open_.find(number); i != open_.end())
    self_->send(ns_, cancel_run{0, run_id_of(i->second.what), nullptr});
}

void sub_calls::on(const run_update& what) {
  if (what.finished) finish(what.subscriber, what.result);
}

// Asked for again under the same id, so it does not matter whether the first one arrived.
void sub_calls::ask(std::uint64_t number) {
  auto i = open_.find(number);
  if (i == open_.end()) return;
  ++i->second.attempts;
  self_->request(ns_, answer_timeout, i->second.what)
      .then(
          [this, alive = alive_, number](const answer& got) {
            if (*alive) on_answer(number, got);
          },
          [this, alive = alive_, number](const caf::error& why) {
            if (!*alive) return;
            again(number, 100, {code::unavailable, "unavailable", to_string(why), 0, {}, 0, 0});
          });
}

void sub_calls::on_answer(std::uint64_t number, const answer& got) {
  if (!got.no.refused()) return; // the result will come
  if (got.no.retry_after_ms > 0) return again(number, got.no.retry_after_ms, got.no);
  fail(number, got.no);
}

void sub_calls::again(std::uint64_t number, std::int64_t after_ms, const refusal& why) {
  auto i = open_.find(number);
  if (i == open_.end()) return;
  if (i->second.attempts >= max_attempts) return fail(number, why);
  self_->run_delayed(milliseconds{after_ms}, [this, alive = alive_, number] {
    if (*alive) ask(number);
  });
}

void sub_calls::fail(std::uint64_t number, refusal why) {
  run_result out;
  if (auto i = open_.find(number); i != open_.end()) out.run_id = run_id_of(i->second.what);
  out.error = std::move(why);
  finish(number, std::move(out));
}

void sub_calls::finish(std::uint64_t number, run_result result) {
  auto node = open_.extract(number);
  if (node.empty()) return;
  node.mapped().timer.dispose();
  node.mapped().then(result); // may drop this
}

} // namespace weir
