#pragma once

// The conversation between a connection, its relay and the namespace about sessions: what a client has asked
// for, which outlives its socket.

#include "actors/core/refusal.hpp"
#include "actors/event/event.hpp"
#include "actors/event/present_client.hpp"
#include "actors/event/receipt_kind.hpp"
#include "actors/messages/type_ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace weir {

/// What a client subscribed to.
struct subscription_spec {
  static constexpr std::uint64_t from_now = ~0ULL;

  std::string id; ///< The client's own label.
  std::string pattern;
  std::string queue;       ///< A group's name: each event goes to one of its members; empty: none.
  bool ack = false;        ///< Events of a queue are acknowledged one by one.
  std::uint64_t since = 0; ///< Events after this seq are wanted; `from_now`: after the newest.
  std::int64_t ack_timeout_ms =
      0; ///< Of a queue: for how long this member may have an event in hand; 0: the limit's.
};

/// relay → namespace: a client is there, or is there again. Answered with a `session_opened`.
struct session_open {
  std::uint64_t subscriber = 0; ///< The relay's number for it.
  std::string session;          ///< Resume this one; empty: begin one.
  std::string client_id;
  std::string meta = "{}";
  bool reattached = false; ///< The socket never went: the namespace did, and the subscriptions are these.
  std::int64_t attached_ms = 0; ///< Of one that is reattached: as it was told in `session_opened`.
  std::vector<subscription_spec> subscriptions;
  std::string told_epoch = {}; ///< The history that the session was last welcomed to, by its signed token.
  std::uint64_t told_seq = 0;  ///< How far it was told then that this history goes.
};

/// namespace → relay.
struct session_opened {
  std::uint64_t ticket = 0;
  refusal no; ///< `no.refused()`: no session.
  std::string session;
  bool resumed = false; ///< It was known, and is about this epoch.
  std::string epoch;
  std::uint64_t first_kept = 0; ///< The oldest seq that the log holds.
  std::uint64_t seq = 0;        ///< The newest.
  std::uint64_t acked = 0;      ///< What the session has acknowledged.
  std::int64_t ttl_ms = 0;
  std::vector<subscription_spec> subscriptions; ///< What is in force.
  std::int64_t attached_ms = 0; ///< When this socket came; later than that of any socket before it.
};

/// Reason of a refused `session_opened`: a socket that came later has the session.
inline constexpr const char* session_taken_over = "taken_over";

/// relay → namespace: the client has been welcomed, so where its session was before is to be closed.
struct session_welcomed {
  std::uint64_t subscriber = 0;
};

/// relay → namespace: the socket is gone; the session is kept for a while.
struct session_detach {
  std::uint64_t subscriber = 0;
  bool has_runs = false; ///< It has called or watched: whoever tells it of runs has to know.
};

/// relay → namespace. Answered with an `answer`, whose seq is where the subscription begins.
struct session_subscribe {
  std::uint64_t subscriber = 0;
  subscription_spec what;
};

/// relay → namespace. Answered with an `answer`.
struct session_unsubscribe {
  std::uint64_t subscriber = 0;
  std::string id;
};

/// relay → namespace: all up to `seq`, or the one event of a queue, is done with.
struct session_ack {
  std::uint64_t subscriber = 0;
  std::uint64_t seq = 0; ///< 0: `event_id` is meant.
  std::string event_id;
};

/// relay → namespace: give a queue's event to another member.
struct session_nack {
  std::uint64_t subscriber = 0;
  std::string event_id;
  std::int64_t delay_ms = 0;
};

/// relay → namespace: who is there. Answered with a `presence_list`.
struct presence_request {
  std::uint32_t limit = 0;
  std::string after = {};      ///< Only clients whose name is behind this one.
  std::uint64_t max_bytes = 0; ///< Of the list, about; 0: no bound. One client fits always.
};

/// namespace → relay.
struct presence_list {
  std::uint64_t ticket = 0;
  std::uint64_t count = 0;
  std::vector<present_client> clients; ///< By name; at most the limit.
  bool more = false;                   ///< There are some behind them.
};

/// relay → namespace: a client has been sent an event whose sender wants to know.
struct delivery_report {
  std::uint64_t subscriber = 0;
  std::string event_id;
};

/// What has no answer.
using session_note = std::variant<session_welcomed, session_ack, session_nack, delivery_report>;

/// namespace → relay: an event of a queue for this subscriber.
struct queue_offer {
  event_ptr what;
  bool redelivered = false;
  bool acks = false; ///< The client acknowledges it; else it is done with once it is written.
};

/// namespace → relay: what has become of an event that this subscriber sent.
struct receipt_notice {
  std::string event_id;
  receipt_kind kind = receipt_kind::none;
  std::uint64_t count = 0;
  std::vector<std::string> by; ///< The first 16 client_ids.
};

/// namespace → relay: the session has been attached elsewhere.
struct taken_over {};

/// namespace → relay: for one subscriber.
struct notice {
  std::uint64_t subscriber = 0;
  std::variant<queue_offer, receipt_notice, taken_over> what;
};

/// namespace → relay: all notices of a turn, in order.
struct notice_batch {
  std::vector<notice> notices;
};

template <class Inspector>
bool inspect(Inspector& f, subscription_spec& x) {
  return f.object(x).fields(f.field("id", x.id), f.field("pattern", x.pattern), f.field("queue", x.queue),
                            f.field("ack", x.ack), f.field("since", x.since),
                            f.field("ack_timeout_ms", x.ack_timeout_ms));
}

template <class Inspector>
bool inspect(Inspector& f, session_open& x) {
  return f.object(x).fields(f.field("subscriber", x.subscriber), f.field("session", x.session),
                            f.field("client_id", x.client_id), f.field("meta", x.meta),
                            f.field("reattached", x.reattached), f.field("attached_ms", x.attached_ms),
                            f.field("subscriptions", x.subscriptions), f.field("told_epoch", x.told_epoch),
                            f.field("told_seq", x.told_seq));
}

template <class Inspector>
bool inspect(Inspector& f, session_opened& x) {
  return f.object(x).fields(f.field("ticket", x.ticket), f.field("no", x.no), f.field("session", x.session),
                            f.field("resumed", x.resumed), f.field("epoch", x.epoch),
                            f.field("first_kept", x.first_kept), f.field("seq", x.seq),
                            f.field("acked", x.acked), f.field("ttl_ms", x.ttl_ms),
                            f.field("subscriptions", x.subscriptions), f.field("attached_ms", x.attached_ms));
}

template <class Inspector>
bool inspect(Inspector& f, session_welcomed& x) {
  return f.object(x).fields(f.field("subscriber", x.subscriber));
}

template <class Inspector>
bool inspect(Inspector& f, session_detach& x) {
  return f.object(x).fields(f.field("subscriber", x.subscriber), f.field("has_runs", x.has_runs));
}

template <class Inspector>
bool inspect(Inspector& f, session_subscribe& x) {
  return f.object(x).fields(f.field("subscriber", x.subscriber), f.field("what", x.what));
}

template <class Inspector>
bool inspect(Inspector& f, session_unsubscribe& x) {
  return f.object(x).fields(f.field("subscriber", x.subscriber), f.field("id", x.id));
}

template <class Inspector>
bool inspect(Inspector& f, session_ack& x) {
  return f.object(x).fields(f.field("subscriber", x.subscriber), f.field("seq", x.seq),
                            f.field("event_id", x.event_id));
}

template <class Inspector>
bool inspect(Inspector& f, session_nack& x) {
  return f.object(x).fields(f.field("subscriber", x.subscriber), f.field("event_id", x.event_id),
                            f.field("delay_ms", x.delay_ms));
}

template <class Inspector>
bool inspect(Inspector& f, presence_request& x) {
  return f.object(x).fields(f.field("limit", x.limit), f.field("after", x.after),
                            f.field("max_bytes", x.max_bytes));
}

template <class Inspector>
bool inspect(Inspector& f, present_client& x) {
  return f.object(x).fields(f.field("client_id", x.client_id), f.field("since_ms", x.since_ms),
                            f.field("connections", x.connections), f.field("meta", x.meta));
}

template <class Inspector>
bool inspect(Inspector& f, presence_list& x) {
  return f.object(x).fields(f.field("ticket", x.ticket), f.field("count", x.count),
                            f.field("clients", x.clients), f.field("more", x.more));
}

template <class Inspector>
bool inspect(Inspector& f, delivery_report& x) {
  return f.object(x).fields(f.field("subscriber", x.subscriber), f.field("event_id", x.event_id));
}

template <class Inspector>
bool inspect(Inspector& f, queue_offer& x) {
  return f.object(x).fields(f.field("what", x.what), f.field("redelivered", x.redelivered),
                            f.field("acks", x.acks));
}

template <class Inspector>
bool inspect(Inspector& f, receipt_notice& x) {
  return f.object(x).fields(f.field("event_id", x.event_id), f.field("kind", x.kind),
                            f.field("count", x.count), f.field("by", x.by));
}

template <class Inspector>
bool inspect(Inspector& f, taken_over& x) {
  return f.object(x).fields();
}

template <class Inspector>
bool inspect(Inspector& f, notice& x) {
  return f.object(x).fields(f.field("subscriber", x.subscriber), f.field("what", x.what));
}

template <class Inspector>
bool inspect(Inspector& f, notice_batch& x) {
  return f.object(x).fields(f.field("notices", x.notices));
}

} // namespace weir
