#pragma once

#include "actors/core/backoff.hpp"
#include "actors/core/refusal.hpp"
#include "actors/messages/models.hpp"
#include "actors/messages/runs.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace weir {

/// One model that a call may turn to, or a canned answer.
struct call_step {
  std::string value; ///< The model's name, or the canned text.
  bool canned = false;
  std::uint32_t retries = 0;           ///< After its first attempt.
  std::int64_t attempt_timeout_ms = 0; ///< 0: all that is left of the call's time.
};

/// How one model call ended.
struct call_outcome {
  run_status status = run_status::failed;
  std::string text; ///< The same that the deltas make when they are joined.
  token_usage usage;
  std::vector<run_part> parts; ///< One for each attempt that wrote something; a canned text is by `canned`.
  std::uint32_t attempts = 0;  ///< Requests that a pool took.
  std::int64_t queued_ms = 0;  ///< Waiting for workers, of all attempts that found one.
  std::int64_t first_piece_ms = -1; ///< -1: there was none.
  std::int64_t elapsed_ms = 0;
  refusal error;                              ///< Where the status is not `complete`: why.
  std::vector<tool_call> tool_calls = {};     ///< Not empty: the model goes on once it has their results.
  finish_reason finish = finish_reason::none; ///< Of the answer that ended the text.
  std::string refusal_text = {};              ///< Why the model would not answer, in its words.
};

/// Decides what happens in one model call: which model is asked when, what is tried again, what the result
/// is. Plain: whoever owns it does what it says and tells it what came of it.
///
/// - Tried again at the same model, after a jittered back-off and never before `retry_after_ms`: what failed
///   retryably, unless the time does not suffice. Then the next step has its turn.
/// - A pool's refusal is not tried again: the next step has its turn at once.
/// - Above the namespace's quota no model is asked, since the quota is over all of them: a canned answer, or
///   the refusal.
/// - A request that could not even be made, since it is malformed (400 of our own), is its author's mistake:
///   no fallback hides it.
/// - Once there is text, the next attempt goes on from it. What cannot be gone on from ends as `partial`.
class call_plan {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Offer this attempt to the model's pool.
  struct ask {
    std::string model;
    std::uint32_t attempt; ///< Different for each attempt of a call, and below 256.
    std::int64_t timeout_ms;
  };

  /// Call `on_pause_over` after this time.
  struct pause {
    std::chrono::milliseconds time;
  };

  /// It is over, see `outcome`. `rest` is text of it that was in no piece.
  struct finish {
    std::string rest;
  };

  using action = std::variant<ask, pause, finish>;

  /// At most this many attempts in all, whatever the configuration says.
  static constexpr std::uint32_t max_attempts = 255;

  /// @param steps the configured model first; at least one.
  /// @param timeout_ms the whole call's, above 0.
  call_plan(std::vector<call_step> steps, std::int64_t timeout_ms, backoff delays, std::uint64_t seed);

  action begin(time_point now);

  /// The pool did not take the attempt.
  action on_refused(refusal why, time_point now);

  /// The namespace has used its tokens; nobody was asked.
  action on_over_quota(refusal why, time_point now);

  /// A worker has begun the attempt, after this wait.
  void on_started(std::int64_t queued_ms) { queued_of_attempt_ms_ = queued_ms; }

  /// More text. Gives the code point that it begins at.
  std::uint64_t on_piece(const std::string& text, time_point now);

  /// A whole answer, also where it calls tools. One that says nothing because the server cut or filtered all
  /// of it has failed: the next step has its turn.
  action on_done(answer_end got, time_point now);
  action on_failed(refusal error, bool retryable, time_point now);
  action on_pause_over(time_point now) { return ask_current(now); }
  action on_deadline(time_point now);
  action on_cancel(time_point now);

  bool over() const noexcept { return over_; }
  time_point deadline() const noexcept { return deadline_; }
  const std::string& text() const noexcept { return outcome_.text; }

  /// Valid once it is over.
  const call_outcome& outcome() const noexcept { return outcome_; }

private:
  const call_step& step() const { return steps_[index_]; }
  action ask_current(time_point now);
  action next_step(time_point now);
  action give_up(time_point now);
  std::vector<call_step>::const_iterator next_canned() const;
  action canned(const std::string& text, time_point now);
  action end(run_status status, refusal error, time_point now, std::string rest = {});
  void end_attempt();
  refusal out_of_time() const;
  refusal nothing_said(finish_reason why) const;

  std::vector<call_step> steps_;
  std::int64_t timeout_ms_;
  backoff delays_;
  jitter_source jitter_;
  time_point began_{};
  time_point deadline_{};
  std::size_t index_ = 0;         // the step whose turn it is
  std::uint32_t tries_ = 0;       // attempts at it
  std::uint32_t asked_ = 0;       // attempts in all, refused ones too
  std::uint64_t code_points_ = 0; // of the text
  std::uint64_t part_from_ = 0;   // where the current attempt's text begins
  std::int64_t queued_of_attempt_ms_ = 0;
  refusal last_error_;
  call_outcome outcome_;
  bool over_ = false;
};

} // namespace weir
