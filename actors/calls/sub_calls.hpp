#pragma once

#include "actors/messages/namespace.hpp"

#include <caf/disposable.hpp>
#include <caf/event_based_actor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace weir {

/// Calls of other targets of the namespace as part of an actor, its owner. Each is a `call` in the log like a
/// client's: it is kept, its message id makes it one however often it is asked for, and its run goes on
/// without the owner. One that is made again after a crash is answered with the same run's result.
///
/// The owner hands over its `run_update`s. Bounded by `max_calls`; overflow policy: `429 namespace_full`.
/// Dropping it ends no run. All of it in the owner's context.
class sub_calls {
public:
  using continuation = std::function<void(const run_result&)>;

  static constexpr std::size_t max_calls = 64;

  /// Its numbers begin here, so that an owner can have others of its own.
  static constexpr std::uint64_t first_number = 1ULL << 48;

  /// The run keeps its own deadline; one whose result has not come this long after it is taken for lost.
  static constexpr std::chrono::milliseconds grace{1000};

  /// @param self the owner, must outlive this.
  sub_calls(caf::event_based_actor* self, caf::actor ns) : self_(self), ns_(std::move(ns)) {}

  ~sub_calls();

  /// Calls `what.target`. Its `caller` is filled in here. `then` runs exactly once, later or at once, unless
  /// this is dropped before.
  /// @param what `timeout_ms` must be above 0.
  /// @returns a number for `cancel`; 0: it was over at once.
  std::uint64_t start(call_request what, continuation then);

  /// Ends the run too; its result then comes as `cancelled`.
  void cancel(std::uint64_t number);

  /// Whether an update is of one of these calls.
  static bool owns(const run_update& what) noexcept { return what.subscriber >= first_number; }

  void on(const run_update& what);

  std::size_t size() const noexcept { return open_.size(); }

private:
  struct call {
    call_request what;
    continuation then;
    std::uint32_t attempts = 0;
    caf::disposable timer;
  };

  void ask(std::uint64_t number);
  void on_answer(std::uint64_t number, const answer& got);
  void again(std::uint64_t number, std::int64_t after_ms, const refusal& why);
  void fail(std::uint64_t number, refusal why);
  void finish(std::uint64_t number, run_result result);

  caf::event_based_actor* self_;
  caf::actor ns_;
  std::uint64_t next_number_ = first_number;
  std::map<std::uint64_t, call> open_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace weir
