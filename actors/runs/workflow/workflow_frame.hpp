#pragma once

#include "actors/runs/workflow/workflow_machine.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

namespace weir {

class workflow_engine;

/// How a step ended.
struct step_result {
  run_status status = run_status::complete;
  std::string output = "null";
  refusal error;    ///< Where the status is not `complete`.
  std::string note; ///< What could not be undone on the way; in no message yet.

  bool good() const noexcept { return status != run_status::failed && status != run_status::cancelled; }
};

/// Whether an error is a mistake of the plan's or the agent's author (a malformed request, a target that does
/// not exist): it is the same every time, so nothing tries again or hides it behind something else.
bool is_mistake(const refusal& x) noexcept;

/// The worst status of steps whose outputs are in a result, with its error.
class standing {
public:
  void add(const step_result& what);
  run_status status() const noexcept { return status_; }
  step_result with(std::string output) const;

private:
  run_status status_ = run_status::complete;
  std::unique_ptr<refusal> why_;
};

/// An event that may be awaited.
struct held_event {
  std::uint64_t seq = 0;
  std::string type, client_id, data;
  bool of_this_run = false;
};

/// One step under way. It begins others in it, or a call, or a wait, and at the end concludes with a result.
/// Then what is still open in it is stopped; it is gone when the last of that is. One that has something to
/// undo does so in between.
///
/// A frame is never entered twice at once: what it begins, and its own end, have their turn later.
class workflow_frame {
public:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  /// Where a frame stands. `step` lives as long as the plan.
  struct place {
    workflow_frame* parent = nullptr;
    const workflow_step* step = nullptr;
    std::uint32_t branch = 0;
    bool undoes = false; ///< Begins afresh: with a deadline of its own, and beyond the bounds of the rest.
  };

  workflow_frame(workflow_engine& engine, const place& where);
  virtual ~workflow_frame() = default;

  /// The machine's name for where its step is, as `sequence[1]`; empty for the root.
  std::string path() const;

  /// As `path`, with its pattern: `sequence[1].agent`.
  std::string full_path() const;

  /// Ends it without success, unless it is at its end already.
  void cancel(const std::string& why);

protected:
  // What a pattern says to it. None of these is called after `conclude`.
  virtual void start(std::string value) = 0;
  virtual void on_child(std::uint32_t branch, step_result what);
  virtual void on_call(workflow_machine::outcome what);
  virtual bool on_event(const held_event& what); ///< @returns whether it was taken.
  virtual void on_time();                        ///< `timer_ms_` has come.
  virtual const std::string& open_on() const;    ///< The agent that is called, or the pattern.
  virtual void set_time(std::int64_t own_ms, std::int64_t end_ms);

  // After `conclude`: begins the next undo, if there is one, and hears how it ended.
  virtual bool unwind() { return false; }
  virtual void absorb(const step_result&) {}

  // What a pattern says.
  void conclude(step_result what);
  step_result failure(code status, const char* reason, std::string message) const;
  step_result unreadable() const; ///< A condition could not be asked, see `verdict`.
  step_result result_of(workflow_machine::outcome got, const std::string& who = {}) const;
  void note(std::string what); ///< Something could not be undone.
  void begin(std::uint32_t branch, const workflow_step& what, std::string value, bool undoes = false);
  bool is_root() const noexcept { return parent_ == nullptr; }

  /// The refusal's path is this one's. @returns whether it was concluded so.
  bool fails(refusal why);

  workflow_engine& engine_;
  std::unique_ptr<step_result> decided_;
  std::int64_t timer_ms_ = never; ///< When `on_time` is due.
  std::int64_t until_ms_ = never; ///< When all in it must be over.

private:
  friend class workflow_engine;

  void child_ended(std::uint32_t branch, step_result what);
  void settle();
  void start_if_open(std::string value);

  workflow_frame* parent_;
  const workflow_step* step_;
  std::unique_ptr<std::string> notes_; ///< Of what has ended in it.
  std::int64_t since_ms_ = 0;
  std::uint64_t number_ = 0; ///< Of the open call or wait; 0: none.
  std::uint32_t serial_ = 0;
  std::uint32_t branch_;
  std::uint32_t children_ = 0;
  std::uint16_t depth_;
  bool waits_ = false;
  bool undoes_;
};

/// Makes the frame for a step's pattern.
std::unique_ptr<workflow_frame> make_frame(workflow_engine& engine, const workflow_frame::place& where);

// Its parts, each in the file of its patterns.
using frame_ptr = std::unique_ptr<workflow_frame>;
frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::agent& what);
frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where,
                     const plan::reference& what);
frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::sequence& what);
frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::parallel& what);
frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::route& what);
frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::loop& what);
frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::await& what);
frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::handoff& what);
frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where,
                     const plan::group_chat& what);
frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::fallback& what);
frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where,
                     const plan::compensate& what);

} // namespace weir
