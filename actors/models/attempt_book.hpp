#pragma once

#include "actors/core/deadline_index.hpp"
#include "actors/messages/models.hpp"
#include "actors/models/circuit_breaker.hpp"
#include "actors/models/fair_queue.hpp"

#include <caf/actor_addr.hpp>

#include <optional>
#include <unordered_map>
#include <vector>

namespace weir {

/// One attempt that a pool has in hand.
struct attempt {
  using time_point = std::chrono::steady_clock::time_point;

  std::uint64_t ticket = 0;
  model_request what;
  permit place; ///< Held while it waits.
  time_point arrived{};
  time_point deadline{};
  circuit_breaker::pass pass;
  caf::actor_addr worker; ///< Null while it waits.
  bool answered = false;  ///< The sink has been told, or does not want to be.
};

/// All attempts of a pool, found by ticket, by the caller's own number, by worker, by caller and by deadline.
/// Those that wait are taken in a fair order. Bounded by the queue's limit and the number of workers.
class attempt_book {
public:
  using time_point = attempt::time_point;

  explicit attempt_book(std::size_t queue_limit) : waiting_(queue_limit) {}

  /// Adds one that waits. Null when the queue is full; `x` is untouched then.
  attempt* add(attempt& x);

  /// The one that has to give way to one more of `ns`, when the queue is full; see `fair_queue`. It no longer
  /// waits: answer and remove it.
  attempt* make_room(const std::string& ns);

  /// Moves the one whose turn it is to a worker. Null: none waits that may go.
  template <class Predicate>
  attempt* start_next(const caf::actor_addr& worker, Predicate may_go) {
    auto ticket = waiting_.pop(may_go);
    return ticket ? start(*ticket, worker) : nullptr;
  }

  /// All that wait, in their order. They no longer do: answer and remove them.
  std::vector<std::uint64_t> take_waiting();

  attempt* find(std::uint64_t ticket);
  attempt* find(const caf::actor_addr& sink, std::uint64_t id);

  /// The attempt that this worker does.
  attempt* find_by_worker(const caf::actor_addr& worker);

  /// Tickets of all that this caller waits for.
  std::vector<std::uint64_t> of_sink(const caf::actor_addr& sink) const;
  bool knows_sink(const caf::actor_addr& sink) const { return sinks_.count(sink) > 0; }

  /// Tickets of all whose sinks wait for an answer.
  std::vector<std::uint64_t> unanswered() const;

  std::optional<attempt> remove(std::uint64_t ticket);

  void set_deadline(std::uint64_t ticket, time_point when) { deadlines_.set(ticket, when); }
  std::vector<std::uint64_t> take_due(time_point now) { return deadlines_.take_due(now); }
  std::optional<time_point> next_deadline() const { return deadlines_.next(); }

  std::size_t waiting() const noexcept { return waiting_.size(); }
  std::size_t size() const noexcept { return attempts_.size(); }

private:
  attempt* start(std::uint64_t ticket, const caf::actor_addr& worker);

  fair_queue<std::uint64_t> waiting_;
  std::unordered_map<std::uint64_t, attempt> attempts_;
  std::unordered_map<caf::actor_addr, std::uint64_t> workers_;
  std::unordered_map<caf::actor_addr, std::unordered_map<std::uint64_t, std::uint64_t>> sinks_; // id → ticket
  deadline_index deadlines_;
  std::uint64_t last_ticket_ = 0;
};

} // namespace weir
