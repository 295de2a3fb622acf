#pragma once

#include "actors/messages/namespace.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace weir {

/// What a relay needs of a connection. Both live on the same I/O thread and call each other directly: a
/// delivery is a function call, not a message. No call may throw or re-enter the relay with `leave`, except
/// from `on_turn_end`.
class subscriber {
public:
  virtual ~subscriber() = default;

  /// The client that is behind it: events addressed to another are not delivered.
  virtual const std::string& client_id() const noexcept = 0;

  /// The relay has reached its namespace: publishing and subscribing may begin. Again with a new epoch when
  /// the namespace was restarted and its history is gone. With `info.no.refused()` it cannot be reached, and
  /// the relay forgets the subscriber.
  virtual void on_attached(const attached& info) = 0;

  /// Events of one type that one of its patterns matches; at most once per event, in the order of the log.
  virtual void on_deliveries(std::span<const delivery> run) = 0;

  /// The namespace is on another node, and the link to it was full: what came up to `what.seq` was not
  /// delivered, and is in the log.
  virtual void on_left_out(const link_resumed& what) = 0;

  /// What became of a publish, call or cancel with this reference.
  virtual void on_answer(const std::string& reference, const answer& what) = 0;

  /// What a log request with this reference found.
  virtual void on_log_slice(const std::string& reference, const log_slice& what) = 0;

  /// What became of `open_session`. What the log holds up to its `seq` has been delivered to whoever was
  /// subscribed, and nothing after it.
  virtual void on_session_opened(const session_opened& what) = 0;

  /// Who is there.
  virtual void on_presence(const std::string& reference, const presence_list& what) = 0;

  /// An event of a queue, a receipt, or that the session was attached elsewhere.
  virtual void on_notice(const notice& what) = 0;

  /// A delta or the result of a run that it waits for.
  virtual void on_run_update(const run_update& what) = 0;
};

} // namespace weir
