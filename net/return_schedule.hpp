#pragma once

#include <chrono>
#include <cstdint>

namespace weir {

/// Says when clients that are refused for want of room are to come again. Those of a storm are booked one
/// behind the other, at the pace at which room has been coming free: all together they come back over the
/// time that taking them needs, and not together. Plain; one thread.
///
/// The pace is measured while clients are refused and most of the places are taken: what comes free otherwise
/// says how many come, and not how fast they could be taken. It is never believed to be slower than if each
/// client used up its time.
class return_schedule {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::nanoseconds;

  static constexpr std::int64_t min_ms = 1000;    ///< Nobody is told less.
  static constexpr std::int64_t jitter_ms = 4000; ///< Added at random, whatever the pressure.
  static constexpr std::int64_t max_ms = 120'000; ///< Nobody is told more.

  /// For one place, until it has been measured: what a handshake takes of its thread, doubled.
  static constexpr duration first_guess = std::chrono::microseconds{250};

  /// @param places that there are. @param longest for which one can be taken.
  return_schedule(std::uint64_t places, std::chrono::milliseconds longest);

  /// A client is refused. Gives after how many milliseconds it is to come again, within [min_ms, max_ms].
  /// @param random within [0, 1).
  std::int64_t book(time_point now, double random);

  /// A place has come free. @param taken how many were taken before.
  void on_free(time_point now, std::uint64_t taken);

  /// How long until all that were refused have been taken, as far as is known.
  duration backlog(time_point now) const { return now < taken_by_ ? taken_by_ - now : duration{0}; }

private:
  duration pace(time_point now) const;
  void learn(time_point now);

  std::uint64_t places_;
  duration slowest_;            // for one place
  duration each_ = first_guess; // as measured
  time_point taken_by_{};       // all that were refused
  time_point refused_{};        // the last one
  time_point since_{};          // of the measurement that is under way
  std::int64_t freed_ = 0;      // since then
  bool measuring_ = false;
  bool learned_ = false; // so `each_` is no guess
};

} // namespace weir
