#pragma once

#include "actors/core/limits.hpp"
#include "actors/namespace/dedupe_window.hpp"
#include "actors/namespace/event_log.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// Gives events their place: one total order, each event once. Plain; the namespace actor owns one.
class sequencer {
public:
  /// @param epoch names this history.
  /// @param encode makes each event's frame, once.
  sequencer(const limits& bounds, std::string epoch, event_encoder encode);

  /// Accepts an event, or recognises a repeat, or refuses (`409 conflict`). An ephemeral event gets no seq
  /// and is in no window: a repeat of it is delivered again.
  /// @param now_ms milliseconds since the Unix epoch.
  answer publish(const publish_request& what, std::int64_t now_ms);

  /// As `publish`, for the event that stands for a call.
  answer call(const call_request& what, std::int64_t now_ms);

  /// Appends an event of the server's own. Gives its seq.
  std::uint64_t announce(const server_event& what, std::int64_t now_ms);

  /// What was accepted since the last call, in order: to be delivered.
  std::vector<delivery> take_fresh() { return std::exchange(fresh_, {}); }

  const event_log& log() const noexcept { return log_; }
  const std::string& epoch() const noexcept { return epoch_; }

private:
  answer accept(event what);
  void append(event what);

  event_log log_;
  dedupe_window window_;
  std::string epoch_;
  event_encoder encode_;
  std::uint64_t announced_ = 0;
  std::vector<delivery> fresh_; // at most one batch of requests
};

/// The content of the event that stands for a call: its type and its data as JSON text.
std::string call_event_type(const std::string& target);
std::string call_event_data(const call_request& what);

} // namespace weir
