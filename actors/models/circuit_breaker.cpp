#include "actors/models/circuit_breaker.hpp"

#include <algorithm>

namespace weir {

using std::chrono::milliseconds;

circuit_breaker::circuit_breaker(breaker_config settings, std::uint64_t seed)
  : settings_(settings), times_{milliseconds{settings.open_ms},
                                milliseconds{std::max(settings.open_ms, settings.max_open_ms)}, 2.0, 0.25},
    jitter_(seed) {}

circuit_breaker::pass circuit_breaker::admit(time_point now) {
  if (state_ == state::open && now >= until_) change_to(state::half_open);
  if (state_ == state::closed) return {true, era_};
  if (state_ == state::open || probing_ + succeeded_ >= settings_.probes) return {};
  ++probing_;
  return {true, era_};
}

void circuit_breaker::on_result(pass of, result what, time_point now) {
  if (!of.granted || of.era != era_) return;
  if (state_ == state::closed) {
    if (what == result::success) failures_ = 0;
    if (what == result::failure && ++failures_ >= settings_.failures && settings_.failures > 0) open(now);
    return;
  }
  --probing_;
  if (what == result::failure) return open(now);
  if (what == result::neutral || ++succeeded_ < settings_.probes) return;
  openings_ = 0;
  change_to(state::closed);
}

std::int64_t circuit_breaker::retry_after_ms(time_point now) const {
  if (state_ != state::open) return std::max<std::int64_t>(settings_.open_ms, 1);
  return std::max<std::int64_t>(std::chrono::ceil<milliseconds>(until_ - now).count(), 1);
}

void circuit_breaker::open(time_point now) {
  until_ = now + times_.delay(openings_++, jitter_.next());
  change_to(state::open);
}

void circuit_breaker::change_to(state next) {
  state_ = next;
  ++era_;
  failures_ = 0;
  probing_ = 0;
  succeeded_ = 0;
}

const char* to_string(circuit_breaker::state x) noexcept {
  switch (x) {
  case circuit_breaker::state::closed:
    return "closed";
  case circuit_breaker::state::half_open:
    return "half_open";
  default:
    return "open";
  }
}

} // namespace weir
