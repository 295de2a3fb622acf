#pragma once

#include "actors/core/backoff.hpp"
#include "actors/models/config.hpp"

#include <chrono>
#include <cstdint>

namespace weir {

/// Keeps calls away from a backend that is broken, so that they go to their fallback at once and the backend
/// is left in peace (Nygard, "Release It!", 2007). Plain: time comes from outside.
///
/// - `closed`: attempts pass. So many failures in a row, without a success between, open it.
/// - `open`: none passes, for `open_ms`; each time that it opens again it is twice as long, ±25%, up to
///   `max_open_ms`.
/// - `half_open`: so many probes pass. When all have succeeded it closes, when one fails it opens again.
///
/// What is neither a success nor a failure of the backend (cancelled, a 4xx, a 429) changes nothing; a probe
/// that ends so makes room for another. What was let through before the last change of state is not counted:
/// it tells of a time that is over.
class circuit_breaker {
public:
  using time_point = std::chrono::steady_clock::time_point;

  enum class state : std::uint8_t { closed, half_open, open };
  enum class result { success, failure, neutral };

  /// What an attempt is let through with; handed back with its result.
  struct pass {
    bool granted = false;
    std::uint64_t era = 0;
  };

  /// @param settings with `failures` 0 it never opens. @param seed of the jitter.
  circuit_breaker(breaker_config settings, std::uint64_t seed);

  /// Asks whether one more attempt may begin. Whoever gets a pass gives a result back, exactly once.
  pass admit(time_point now);

  void on_result(pass of, result what, time_point now);

  /// As of the last call: an open one whose time is over becomes half-open when it is next asked.
  state current() const noexcept { return state_; }

  /// When a refused attempt may be tried again; at least 1.
  std::int64_t retry_after_ms(time_point now) const;

private:
  void open(time_point now);
  void change_to(state next);

  breaker_config settings_;
  backoff times_;
  jitter_source jitter_;
  state state_ = state::closed;
  std::uint64_t era_ = 1;       // of the present state
  std::uint32_t failures_ = 0;  // in a row, while it is closed
  std::uint32_t openings_ = 0;  // since it was last closed
  std::uint32_t probing_ = 0;   // probes on their way
  std::uint32_t succeeded_ = 0; // probes
  time_point until_{};          // while it is open
};

/// The word for it in logs and metrics.
const char* to_string(circuit_breaker::state x) noexcept;

} // namespace weir
