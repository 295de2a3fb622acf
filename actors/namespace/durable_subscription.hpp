#pragma once

#include "actors/namespace/event_log.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// How far an agent or the orchestrator is in a namespace's log. It pulls: at most `window` events are in its
/// hands, the log holds the rest. Plain: whoever owns it sends what `next` gives.
class durable_subscription {
public:
  /// An event whose handler crashed this often is a dead letter.
  static constexpr std::uint32_t max_attempts = 2;

  durable_subscription(std::string name, std::vector<std::string> patterns, std::uint32_t window,
                       std::uint64_t cursor);

  /// The next event for the subscriber, when there is one and the window has room.
  std::optional<offered_event> next(const event_log& log);

  /// The subscriber is done with an event. Gives whether it had it.
  bool settle(std::uint64_t seq);

  /// The subscriber is gone. With `crashed`, each event in hand counts one attempt more, and those that had
  /// their last are given back: dead letters. The others are offered again.
  std::vector<offered_event> on_gone(bool crashed);

  /// A successor takes over where this one was.
  void resume(std::vector<std::string> patterns, std::uint32_t window);

  /// Whether an event is in the subscriber's hands or waits to be offered again.
  bool holds(std::uint64_t seq) const { return in_hand_.count(seq) > 0 || again_.count(seq) > 0; }

  const std::string& name() const noexcept { return name_; }
  std::uint64_t cursor() const noexcept { return cursor_; }
  std::size_t in_hand() const noexcept { return in_hand_.size(); }

  /// Events that were trimmed before the subscriber could have them.
  std::uint64_t missed() const noexcept { return missed_; }

private:
  bool wants(const event& x) const;

  std::string name_;
  std::vector<std::string> patterns_;
  std::uint32_t window_;
  std::uint64_t cursor_; // all up to here has been offered or passed over
  std::uint64_t missed_ = 0;
  std::map<std::uint64_t, offered_event> in_hand_; // at most window_
  std::map<std::uint64_t, offered_event> again_;   // at most what was in hand
};

} // namespace weir
