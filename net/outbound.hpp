#pragma once

#include "actors/event/event.hpp"
#include "actors/messages/runs.hpp"
#include "net/frame_queue.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// What waits for one socket, in two lanes. Bound: `max_bytes` and `max_frames`, for each lane.
///
/// Data (events) beyond its bound is not taken; the connection then feeds itself from the log. Control
/// (answers, results, errors, and the deltas of runs, which no log could bring again) is always taken and
/// goes before data; beyond the bound its client's requests are not read any more, and beyond `hard_factor`
/// times that the connection is to be closed.
class outbound {
public:
  static constexpr std::uint64_t hard_factor = 8;

  /// A write ends with the frame that brings it here, so that what is in control by then goes before the
  /// rest.
  static constexpr std::size_t max_gathered_bytes = 64 * 1024;

  outbound(std::uint64_t max_bytes, std::uint64_t max_frames)
    : max_bytes_(max_bytes), max_frames_(max_frames) {}

  /// Other bounds from now on. What is over them by then goes out as it would have.
  void set_bounds(std::uint64_t max_bytes, std::uint64_t max_frames) noexcept {
    max_bytes_ = max_bytes;
    max_frames_ = max_frames;
  }

  void control(frame_ptr frame);

  /// Answers that are asked for and not there yet count in the control lane as if they waited, so that a
  /// client cannot ask for more than it reads.
  void reserve(std::uint64_t bytes) noexcept { reserved_ += bytes; }
  void release(std::uint64_t bytes) noexcept { reserved_ -= bytes; }

  /// Takes an event's frame, or gives false: no room. An empty lane has room for any one frame.
  bool data(frame_ptr frame);

  /// A frame about the data (`lagging`, `caught_up`, `gap`) that keeps its place between the events. Always
  /// taken: there are at most a few for one time around the lane's bound.
  void marker(frame_ptr frame);

  /// A piece of a run's text. Pieces of one run that wait are joined.
  void delta(const run_delta& x);

  /// A run's result: after its deltas.
  void result(const std::string& run_id, frame_ptr frame);

  /// Puts the frames of the next write, which is in progress until `written`, into `out`. It stays empty when
  /// nothing waits.
  void take(std::vector<frame_ptr>& out);

  /// What `take` gave last has been handed to the kernel.
  void written();

  bool writing() const noexcept { return writing_; }
  std::uint64_t bytes() const noexcept { return control_.bytes + data_.bytes; }
  std::uint64_t frames() const noexcept { return control_.frames + data_.frames; }
  bool empty() const noexcept { return control_.queue.empty() && data_.queue.empty() && deltas_.empty(); }

  /// The client should not be listened to until it has read some of its answers.
  bool control_full() const noexcept { return over(control_, 1) || control_.bytes + reserved_ > max_bytes_; }

  /// The client reads nothing and what is on its way to it keeps growing: give it up.
  bool control_over_hard_bound() const noexcept { return over(control_, hard_factor); }

  /// Half or more of the lane is free again.
  bool control_low() const noexcept {
    return low(control_) && 2 * (control_.bytes + reserved_) <= max_bytes_;
  }
  bool data_low() const noexcept { return low(data_); }

private:
  struct lane {
    frame_queue queue;
    std::uint64_t bytes = 0;  // queued and in flight
    std::uint64_t frames = 0; // as above
    std::uint64_t bytes_in_flight = 0;
    std::uint64_t frames_in_flight = 0;
  };

  bool over(const lane& x, std::uint64_t factor) const noexcept {
    return x.bytes > factor * max_bytes_ || x.frames > factor * max_frames_;
  }
  bool low(const lane& x) const noexcept { return 2 * x.bytes <= max_bytes_ && 2 * x.frames <= max_frames_; }
  static void push(lane& to, frame_ptr frame);
  void take_from(lane& from, std::vector<frame_ptr>& out);
  static void written(lane& x);
  struct waiting_delta {
    run_delta what;
    std::uint64_t end; // in code points, as `at`
  };

  using delta_iterator = std::vector<waiting_delta>::iterator;

  void delta_to_control(delta_iterator i);
  delta_iterator find(const std::string& run_id);

  std::uint64_t max_bytes_;
  std::uint64_t max_frames_;
  lane control_;
  lane data_;
  std::vector<waiting_delta> deltas_; // counted in control_, as one frame each
  std::uint64_t reserved_ = 0;
  bool writing_ = false;
};

} // namespace weir
