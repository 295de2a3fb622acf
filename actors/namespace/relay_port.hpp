#pragma once

#include "actors/core/refusal.hpp"
#include "actors/messages/namespace.hpp"
#include "actors/namespace/subscriber.hpp"

#include <cstdint>
#include <string>

namespace weir {

/// What a connection sees of its relay: direct calls on the I/O thread that both live on.
class relay_port {
public:
  virtual ~relay_port() = default;

  /// Adds a subscriber. `on_attached` follows, from this call when the namespace is already reached. Gives
  /// the number that run updates are addressed with.
  virtual std::uint64_t join(subscriber& who) = 0;

  /// Forgets a subscriber with its patterns; answers for it are dropped, and its session is detached.
  virtual void leave(std::uint64_t number) = 0;

  /// Delivers matching events from now on. Gives the seq after which "now" is.
  virtual std::uint64_t subscribe(std::uint64_t number, const std::string& pattern) = 0;

  /// Takes back one `subscribe` of the same pattern.
  virtual void unsubscribe(std::uint64_t number, const std::string& pattern) = 0;

  /// Sends requests to the namespace at the end of the turn; the answer carries `reference`. On a refusal
  /// nothing was sent.
  virtual refusal publish(std::uint64_t number, std::string reference, publish_request what) = 0;
  virtual refusal call(std::uint64_t number, std::string reference, call_request what) = 0;
  virtual refusal read_log(std::uint64_t number, std::string reference, log_request what) = 0;

  /// Opens the subscriber's session; `on_session_opened` follows. Needs no credit: handshakes are bounded.
  virtual void open_session(std::uint64_t number, session_open what) = 0;

  /// Changes what the session is subscribed to. Deliveries are a matter of `subscribe` and `unsubscribe`.
  virtual refusal change_session(std::uint64_t number, std::string reference, session_subscribe what) = 0;
  virtual refusal change_session(std::uint64_t number, std::string reference, session_unsubscribe what) = 0;

  /// Tells the namespace something that has no answer. Lost when the namespace is not reached.
  virtual void tell(std::uint64_t number, session_note what) = 0;

  /// Asks who is there; `on_presence` follows.
  virtual refusal read_presence(std::uint64_t number, std::string reference, presence_request what) = 0;

  /// Asks the orchestrator to end a run.
  virtual refusal cancel(std::uint64_t number, std::string reference, std::string run_id) = 0;

  /// Asks to see a run, its text from code point `at` on; run updates follow the answer.
  virtual refusal watch(std::uint64_t number, std::string reference, std::string run_id,
                        std::uint64_t at) = 0;
  virtual refusal unwatch(std::uint64_t number, std::string reference, std::string run_id) = 0;

  /// Waits on for a run that another actor of this namespace has accepted; run updates follow, also where
  /// nothing is known of it. Needs no credit: who follows bounds it.
  /// @param seq of the call's event; 0: not known. @param tied it ends with this subscriber.
  virtual void follow(std::uint64_t number, const std::string& run_id, std::uint64_t seq, bool stream,
                      bool tied, std::uint64_t at) = 0;

  /// What a client that is an external agent says of a run.
  virtual refusal work(std::uint64_t number, std::string reference, worker_delta what) = 0;
  virtual refusal work(std::uint64_t number, std::string reference, worker_result what) = 0;
};

} // namespace weir
