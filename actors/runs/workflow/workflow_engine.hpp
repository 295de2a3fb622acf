#pragma once

#include "actors/runs/workflow/workflow_frame.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir {

/// What `workflow_machine` is made of: the frames of the steps under way, and all that they share.
///
/// Whatever a frame begins, and every frame's end, waits in a queue for its turn, in order; an input is done
/// with when the queue is empty. So no frame is entered while it is being run, and a loop needs no stack.
class workflow_engine {
public:
  using machine = workflow_machine;

  static constexpr std::size_t max_held_events = 16;
  static constexpr std::size_t max_seen_events = 64; ///< Remembered; what is older than they counts as seen.

  /// For how much longer a call is waited for than it was given: so that what an agent has at its deadline, a
  /// model's half answer or a fallback's, still counts.
  static constexpr std::int64_t answer_grace_ms = 250;

  /// A call that fails so shortly before a deadline around it failed because of that deadline.
  static constexpr std::int64_t deadline_slack_ms = 100;

  workflow_engine(std::shared_ptr<const workflow> plan, std::string run_id, machine::bounds limits);

  std::vector<machine::action> apply(const machine::record& what);
  std::optional<std::int64_t> next_deadline_ms() const;
  bool over() const noexcept { return over_; }
  std::vector<machine::open_step> open() const;
  std::uint64_t dropped_events() const noexcept { return dropped_; }

  // What frames say.
  std::int64_t now_ms() const noexcept { return now_ms_; }
  const machine::bounds& limits() const noexcept { return limits_; }
  void begin(const workflow_frame::place& where, std::string value);
  refusal call(workflow_frame& by, const std::string& target, std::string input, std::uint32_t attempt,
               bool stream);
  refusal wait(workflow_frame& by, const std::string& pattern);
  void stop(workflow_frame& x);
  void cancel_children(const workflow_frame& of);
  void ended(workflow_frame& x);

  /// Whether an await wants an event, whoever comes first.
  static bool wants(const plan::await& x, const held_event& what);

  /// The oldest held event that an await wants; it is held no longer.
  std::optional<held_event> take_held(const plan::await& by);

private:
  struct turn {
    workflow_frame* frame;
    bool begins;
    std::string value;
  };

  void on(const machine::begun& what);
  void on(const machine::call_ended& what);
  void on(const machine::event_came& what);
  void on(const machine::time_passed&) {}
  void on(const machine::cancelled& what);

  bool is_new(std::uint64_t seq);
  void hold(held_event what);
  void expire(std::int64_t by_ms);
  workflow_frame* most_expired(std::int64_t by_ms, std::uint32_t before) const;
  void drain();
  void end(workflow_frame& x);
  void finish(step_result what);
  refusal admit(const workflow_frame& x);
  refusal admit_step(const workflow_frame& by);
  refusal check_size(std::size_t bytes) const;
  refusal remember(const workflow_step& of, const std::string& output);
  std::string fill(const nlohmann::json& input, const std::string& value) const;

  std::shared_ptr<const workflow> plan_;
  std::string run_id_;
  std::string input_;
  machine::bounds limits_;
  std::vector<frame_ptr> frames_; // in the order in which they began
  std::vector<turn> queue_;
  std::vector<machine::action> actions_;
  std::vector<std::pair<const std::string*, std::string>> outputs_; // by id; 4 × output_bytes
  std::vector<held_event> held_;                                    // max_held_events; the oldest is dropped
  std::vector<std::uint64_t> seen_;                                 // max_seen_events; see is_new
  std::uint64_t seen_below_ = 0;
  std::uint64_t dropped_ = 0;
  token_usage usage_;
  std::int64_t now_ms_ = 0;
  std::uint64_t numbers_ = 0;
  std::uint32_t steps_ = 0; // without those of undos
  std::uint32_t in_flight_ = 0;
  std::uint32_t serials_ = 0;
  std::uint32_t undo_frames_ = 0;
  bool over_ = false;
};

} // namespace weir
