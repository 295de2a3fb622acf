#pragma once

#include "actors/core/io_unit.hpp"

#include <caf/actor_system.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <deque>

namespace weir::test {

/// An I/O thread without a thread: the test decides when it takes a turn.
class manual_unit : public io_unit {
public:
  explicit manual_unit(caf::actor_system& sys) : io_unit(&sys) {}

  ~manual_unit() override {
    for (auto* x : ready_) caf::intrusive_ptr_release(x);
  }

  void exec_later(caf::resumable* what) override {
    if (what->subtype() == caf::resumable::io_actor)
      ready_.push_back(what);
    else
      system().scheduler().enqueue(what);
  }

  bool in_thread() const noexcept override { return true; }

  bool has_work() const noexcept { return !ready_.empty() || has_hooks(); }

  /// Runs every actor that has mail now, then the turn hooks.
  void turn() {
    auto batch = std::exchange(ready_, {});
    for (auto* x : batch) {
      if (x->resume(this, max_messages) == caf::resumable::resume_later)
        ready_.push_back(x);
      else
        caf::intrusive_ptr_release(x);
    }
    run_hooks();
  }

private:
  static constexpr std::size_t max_messages = 100;
  std::deque<caf::resumable*> ready_;
};

} // namespace weir::test
