#pragma once

#include <caf/telemetry/gauge.hpp>

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

namespace weir {

/// One that reads the log for its client, a slice at a time. Leaves its gate before it is destroyed.
class replayer {
public:
  replayer() = default;
  replayer(const replayer&) = delete;
  replayer& operator=(const replayer&) = delete;

  /// Its turn has come: it reads a slice, or leaves.
  virtual void on_replay_turn() = 0;

protected:
  ~replayer() = default;

private:
  friend class replay_gate;
  enum class place { outside, waiting, inside };

  std::string lane_; // while it waits
  replayer* next_ = nullptr;
  replayer* prev_ = nullptr;
  place place_ = place::outside;
};

/// Bounds how many slices of logs the connections of one I/O thread read at once. When many sessions resume
/// together, a namespace gets no more of their reads between two live events than there are places, and each
/// of the connections gets a slice in turn. Plain; one thread.
///
/// Bound: `places`. Overflow policy: the others wait, as many as there are connections; namespaces take
/// turns, and within one it is first come, first served.
class replay_gate {
public:
  /// @param active, waiting what the gate's figures are added to; null: nowhere.
  explicit replay_gate(std::uint64_t places, caf::telemetry::int_gauge* active = nullptr,
                       caf::telemetry::int_gauge* waiting = nullptr)
    : places_(places), active_gauge_(active), waiting_gauge_(waiting) {}

  replay_gate(const replay_gate&) = delete;
  replay_gate& operator=(const replay_gate&) = delete;

  /// Whether `x` may read now: it has a place until it leaves. Else it waits, and is told when its turn
  /// comes.
  bool enter(replayer& x, const std::string& ns);

  /// Gives the place back, to the one that has waited for longest; or waits no more.
  void leave(replayer& x);

  std::uint64_t active() const noexcept { return active_; }
  std::uint64_t waiting() const noexcept { return waiting_; }

private:
  struct lane {
    std::string ns;
    replayer* first = nullptr;
    replayer* last = nullptr;
  };

  void take_place(replayer& x);
  void append(replayer& x, const std::string& ns);
  void unlink(replayer& x);
  replayer& take_next();

  std::uint64_t places_;
  std::uint64_t active_ = 0;
  std::uint64_t waiting_ = 0;
  std::list<lane> lanes_; // of those who wait; the next one's turn first
  std::unordered_map<std::string, std::list<lane>::iterator> by_ns_;
  caf::telemetry::int_gauge* active_gauge_;
  caf::telemetry::int_gauge* waiting_gauge_;
};

} // namespace weir
