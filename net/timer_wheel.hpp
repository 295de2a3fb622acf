#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace weir {

class timer_wheel;

/// Something that is told when a time has come; at most one time each. Leaves its wheel when it is destroyed.
class timed {
public:
  timed() = default;
  timed(const timed&) = delete;
  timed& operator=(const timed&) = delete;
  virtual ~timed() { unlink(); }

  virtual void on_time() = 0;

  bool is_scheduled() const noexcept { return next_ != nullptr; }

private:
  friend class timer_wheel;

  void unlink() noexcept {
    if (next_ == nullptr) return;
    next_->prev_ = prev_;
    prev_->next_ = next_;
    next_ = prev_ = nullptr;
  }

  timed* next_ = nullptr;
  timed* prev_ = nullptr;
  std::uint64_t due_tick_ = 0;
};

/// Timeouts for very many sockets by one timer: coarse, and O(1) to set and to take back. One thread only.
/// It allocates nothing per timeout, so it needs no bound of its own. Must outlive what is scheduled in it.
class timer_wheel {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using milliseconds = std::chrono::milliseconds;

  /// Timeouts come one or two ticks late; early only by what `advance` was late itself.
  static constexpr milliseconds tick{250};

  explicit timer_wheel(time_point now);

  /// Calls `x.on_time()` once after `delay`, instead of when it was scheduled before.
  void schedule(timed& x, milliseconds delay);

  void cancel(timed& x) noexcept { x.unlink(); }

  /// Calls all that is due at `now`. What is called may schedule and cancel, itself and others.
  void advance(time_point now);

private:
  struct anchor final : timed {
    void on_time() override {}
  };

  static void link(timed& list, timed& x) noexcept;
  void run_slot(timed& slot);

  static constexpr std::size_t slot_count = 256; // 64 s; what is due later stays for another round

  time_point start_;
  std::uint64_t now_tick_ = 0;
  std::vector<anchor> slots_;
};

} // namespace weir
