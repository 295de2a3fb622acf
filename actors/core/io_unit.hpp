#pragma once

#include <caf/event_based_actor.hpp>
#include <caf/execution_unit.hpp>

#include <vector>

namespace weir {

/// Something with work to do once all that has arrived in a turn has been handled: a batch to send, sockets
/// to write to. Collecting until then is what lets many small writes become one.
class turn_hook {
public:
  virtual ~turn_hook() = default;
  virtual void on_turn_end() = 0;

private:
  friend class io_unit;
  bool queued_ = false;
};

/// A thread that owns sockets and runs the actors that belong to them. Implemented over Asio in `net/`, and
/// over nothing at all for tests.
///
/// One turn: run every socket callback that is ready, run every actor that has mail, then the turn hooks.
class io_unit : public caf::execution_unit {
public:
  using caf::execution_unit::execution_unit;

  /// Whether the caller runs on this unit's thread.
  virtual bool in_thread() const noexcept = 0;

  /// Calls `hook` once when the current turn ends, however often it is asked to. Only from this thread;
  /// `hook` must live until then or call `forget`.
  void at_turn_end(turn_hook& hook) {
    if (hook.queued_) return;
    hook.queued_ = true;
    hooks_.push_back(&hook);
  }

  /// Takes a hook back that is about to be destroyed.
  void forget(turn_hook& hook) {
    if (!hook.queued_) return;
    hook.queued_ = false;
    for (auto& x : hooks_)
      if (x == &hook) x = nullptr;
  }

protected:
  bool has_hooks() const noexcept { return !hooks_.empty(); }

  /// Runs what was queued, and what that queues in turn.
  void run_hooks() {
    for (std::size_t i = 0; i < hooks_.size(); ++i) {
      auto* hook = hooks_[i];
      if (hook == nullptr) continue;
      hook->queued_ = false;
      hook->on_turn_end();
    }
    hooks_.clear();
  }

private:
  std::vector<turn_hook*> hooks_;
};

/// An actor that only ever runs on one I/O thread: it may touch what belongs to that thread's sockets without
/// a lock. Whoever sends to it, its mailbox is emptied there.
class io_actor : public caf::event_based_actor {
public:
  io_actor(caf::actor_config& cfg, io_unit& unit) : caf::event_based_actor(cfg), unit_(unit) {}

  using caf::event_based_actor::enqueue;

  bool enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    return caf::event_based_actor::enqueue(std::move(what), &unit_);
  }

  void launch(caf::execution_unit*, bool lazy, bool hide) override {
    caf::event_based_actor::launch(&unit_, lazy, hide);
  }

  /// Tells a unit apart what it runs itself from what it hands to CAF's scheduler.
  subtype_t subtype() const override { return caf::resumable::io_actor; }

  io_unit& unit() const noexcept { return unit_; }

private:
  io_unit& unit_;
};

} // namespace weir
