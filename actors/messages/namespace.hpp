#pragma once

// The conversation between a namespace and whoever talks to it. One comment per message: who sends it to
// whom, and what it means.

#include "actors/core/refusal.hpp"
#include "actors/event/event.hpp"
#include "actors/messages/runs.hpp"
#include "actors/messages/sessions.hpp"
#include "actors/messages/type_ids.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace weir {

/// An event with its frame. Between nodes only the event travels; the receiving relay encodes it again.
struct delivery {
  event_ptr what;
  frame_ptr frame; // may be null
};

/// relay → namespace, agent → namespace: append this event. Answered with an `answer`.
struct publish_request {
  std::string type;
  std::string client_id;
  std::string message_id;
  std::string prev_event_id;
  std::string to;
  std::string data; ///< JSON text.
  bool ephemeral = false;
  receipt_kind receipt = receipt_kind::none; ///< What the sender wants to hear of it …
  std::uint64_t subscriber = 0;              ///< … and which one it is, by the relay's number.
  std::int64_t read_at_ns = 0; ///< When it came off its socket: `stage_time`, which stays on its node.
  std::uint32_t hops = 0;      ///< Of what caused it, and one; 0 from a client.
};

/// relay → namespace: a `call` frame; agent or run → namespace: a call of its own. It is appended as an event
/// of type `sys.call.<target>`, so it has the promises of one, and the orchestrator takes it from the log.
/// Answered with an `answer`.
struct call_request {
  std::string target;
  std::string client_id;
  std::string message_id;
  std::string prev_event_id;
  std::string input;                             ///< JSON text.
  std::int64_t timeout_ms = 0;                   ///< Of the whole run; 0: the target's default.
  watcher caller;                                ///< Whom the deltas and the result go to.
  std::string thread;                            ///< A conversation's name; empty: none.
  busy_policy on_busy = busy_policy::concurrent; ///< While the thread has a run in flight.
  bool cancel_on_disconnect = false;             ///< The run ends with its caller's connection.
  std::int64_t read_at_ns = 0;                   ///< As of `publish_request`.
  std::uint32_t hops = 0;                        ///< As of `publish_request`.
};

/// relay → namespace, agent → namespace: read the log. Answered with a `log_slice`.
struct log_request {
  std::vector<std::string> patterns; ///< Events matching any of them …
  std::string client_id;             ///< … that are for everyone or for this client; empty: all of them.
  std::uint64_t after_seq = 0;
  std::uint64_t before_seq = 0; ///< 0: read forward from `after_seq`; else the newest before this one.
  std::uint32_t limit = 0;      ///< At most this many events.
  std::uint64_t max_bytes =
      0; ///< The read ends with the event that reaches it, or earlier; 0: no such bound.

  /// Whether a read that has found so much, and may find `most`, is to end.
  bool has_enough(std::uint64_t bytes, std::uint64_t most) const noexcept {
    return bytes >= most || (max_bytes > 0 && bytes >= max_bytes);
  }
};

/// One request of a relay. The ticket is the relay's, and comes back in the answer; 0: there is none.
struct request {
  std::uint64_t ticket = 0;
  std::variant<publish_request, call_request, log_request, cancel_run, session_open, session_welcomed,
               session_detach, session_subscribe, session_unsubscribe, session_ack, session_nack,
               presence_request, delivery_report, watch_request, unwatch_request, worker_delta, worker_result,
               follow_run>
      what;
};

/// relay → namespace: all requests of one turn of the relay's thread, in order. Each with a ticket spends one
/// credit; the others are bounded by what the relay's subscribers have been sent.
struct request_batch {
  std::vector<request> requests;
};

/// What became of a publish or a call.
struct answer {
  std::uint64_t ticket = 0;
  std::uint64_t seq = 0;
  bool duplicate = false;
  refusal no; ///< `no.refused()`: nothing changed.
};

/// namespace → relay. Each answer gives one credit back.
struct answer_batch {
  std::vector<answer> answers;
};

/// namespace → relay: events in the order of the log, ephemeral ones in between.
struct delivery_batch {
  std::vector<delivery> deliveries;
  std::int64_t kept_at_ns = 0; ///< `stage_time`, which stays on its node; 0: nothing in it is kept.
};

/// relay on another node → namespace: so much of what it was sent has come since the last receipt. What is on
/// its way to a relay on another node is bounded (`limits.link_bytes`): without receipts the namespace stops.
struct link_receipt {
  std::uint64_t bytes = 0;
};

/// namespace → relay on another node: deliveries go on, from `seq` + 1. What came since the last one has been
/// left out, and is in the log.
struct link_resumed {
  std::uint64_t seq = 0;
  std::uint64_t ephemeral = 0; ///< Of what was left out, the events that are in no log.
};

/// namespace → relay: what a `log_request` asked for; gives one credit back. In order with `delivery_batch`:
/// whatever is in the log after `read_to` is yet to come as a delivery when `read_to == head`.
struct log_slice {
  std::uint64_t ticket = 0;
  std::vector<delivery> deliveries;
  std::uint64_t first_kept = 0; ///< The oldest seq that the log still holds; head + 1 when it is empty.
  std::uint64_t read_to = 0;    ///< All up to here has been looked at.
  std::uint64_t head = 0;       ///< The newest seq.
};

/// relay → host → namespace: deliver everything from now on to this relay.
struct attach_relay {
  std::string name; ///< The namespace's.
  caf::actor relay;
  std::uint32_t hops = 0;               ///< How often one host has passed it on to another.
  std::vector<caf::node_id> reach = {}; ///< The nodes to which the relay's has a link.
  std::string epoch = {};               ///< The history that the relay was attached to before; empty: none.
  std::uint64_t seq = 0;                ///< How far it was told that this history goes.
};

/// host or namespace → relay: whose the namespace is, is being settled: ask again soon.
struct attach_later {};

/// namespace → relay: it goes to another node: hold back what comes from now on, say so with a
/// `relay_paused`, and ask to be attached again once it is gone.
struct namespace_moves {};

/// relay → namespace: nothing more comes from here.
struct relay_paused {};

/// namespace → relay: you are attached, or (`no.refused()`) why not.
struct attached {
  caf::actor ns;
  std::string epoch;
  std::uint64_t seq = 0;        ///< The newest; deliveries go on from the next.
  std::uint64_t credit = 0;     ///< Requests that may be in flight.
  std::uint64_t link_bytes = 0; ///< For a relay on another node: the bound that its receipts give room in.
  refusal no;
  std::string label = {}; ///< Of the namespace's metrics.
};

/// agent or orchestrator → namespace: a durable subscription under a name of its own. A second one of the
/// same name replaces the first and goes on where that one was. The subscriber is monitored: what it had
/// in hand when it crashed is offered once more to its successor, then goes to the dead letters.
struct subscribe_durably {
  std::string name;
  std::vector<std::string> patterns;
  std::uint32_t window = 1; ///< At most this many events unsettled at a time.
  caf::actor subscriber;
};

/// namespace → agent or orchestrator: handle this event, then settle it.
struct offered_event {
  event_ptr what;
  std::uint32_t attempt = 1; ///< 2: its handler crashed before.
  bool redelivered = false;  ///< Somebody may have had it before.
};

/// agent or orchestrator → namespace: this event is done with.
struct settlement {
  std::string subscription;
  std::uint64_t seq = 0;
};

/// agent or orchestrator → namespace: the handler of this event has failed. It is offered once more, or it is
/// a dead letter: after its last try, or at once if it is `final`.
struct task_failed {
  std::string subscription;
  std::uint64_t seq = 0;
  std::string error;
  bool final = false; ///< Another try cannot help.
};

/// namespace → orchestrator: the event of this call is a dead letter of its external agent's queue, so nobody
/// will answer it.
struct call_buried {
  std::string run_id;
  std::string error;
};

/// Any part of the server → namespace: tell the namespace's clients (an event of a `sys.` type).
struct server_event {
  std::string type;
  std::string data;       ///< JSON text.
  bool ephemeral = false; ///< Not kept, no seq.
  std::uint32_t hops = 0; ///< Of what it tells of, and one.
};

/// As above: several at once, in this order.
struct server_events {
  std::vector<server_event> all;
};

/// namespace → host, of the same node: whether anybody would miss it.
struct namespace_vacancy {
  enum class kind : std::uint8_t {
    in_use,
    sessions_only, ///< Nothing but sessions without a socket, which may come back.
    empty,         ///< Nothing is in it, and nobody is there.
  };
  std::string name;
  kind what = kind::in_use;
};

/// host → namespace, of the same node: end. Answered with a `namespace_vacancy` when it stays.
struct retire_namespace {
  namespace_vacancy::kind at_least =
      namespace_vacancy::kind::empty; ///< Else it stays; `in_use`: it is deleted.
};

/// admin → host → namespace. Answered with an `admin_answer`.
struct admin_query {
  enum class verb : std::uint8_t {
    report,       ///< What a namespace is doing.
    dead_letters, ///< What its agents and queues could not handle.
    retry,        ///< Offer one of these again.
    runs,         ///< What its orchestrator has in flight.
    nodes,        ///< The members of the cluster; `ns` is empty.
    node,         ///< What this node is doing; `ns` is empty.
    drain,        ///< Let the node `node` drain and end, as SIGTERM does; `ns` is empty.
    agents,       ///< The state of the agents of a namespace, or of all that are open.
    restart,      ///< Start the agent `agent` again; with no `ns` in every namespace that runs it.
    remove,       ///< Delete a namespace: its clients are told, and nothing of it is left in the store.
    events,       ///< A part of its log, for who wants all of it.
    reload,       ///< Load this node's configuration again; `ns` is empty.
  };
  verb what = verb::report;
  std::string ns;              ///< Empty: every namespace that is open (of `report` only).
  std::string event_id;        ///< Of `retry`.
  std::uint32_t limit = 0;     ///< Of `dead_letters`, `runs` and `events`.
  std::string node{};          ///< Of `drain`.
  std::string agent{};         ///< Of `restart`.
  std::uint64_t after_seq = 0; ///< Of `events`.
};

/// What the host's namespaces are to run has changed.
struct plans_changed {
  template <class Inspector>
  friend bool inspect(Inspector& f, plans_changed& x) {
    return f.object(x).fields();
  }
};

struct admin_answer {
  refusal no;
  std::string json; ///< JSON text.
};

template <class Inspector>
bool inspect(Inspector& f, event_ptr& x) {
  if constexpr (Inspector::is_loading) {
    event loaded;
    if (!inspect(f, loaded)) return false;
    x = std::make_shared<const event>(std::move(loaded));
    return true;
  } else {
    return inspect(f, const_cast<event&>(*x)); // saving only reads
  }
}

template <class Inspector>
bool inspect(Inspector& f, delivery& x) {
  return inspect(f, x.what);
}

template <class Inspector>
bool inspect(Inspector& f, publish_request& x) {
  return f.object(x).fields(f.field("type", x.type), f.field("client_id", x.client_id),
                            f.field("message_id", x.message_id), f.field("prev_event_id", x.prev_event_id),
                            f.field("to", x.to), f.field("data", x.data), f.field("ephemeral", x.ephemeral),
                            f.field("receipt", x.receipt), f.field("subscriber", x.subscriber),
                            f.field("hops", x.hops));
}

template <class Inspector>
bool inspect(Inspector& f, call_request& x) {
  return f.object(x).fields(f.field("target", x.target), f.field("client_id", x.client_id),
                            f.field("message_id", x.message_id), f.field("prev_event_id", x.prev_event_id),
                            f.field("input", x.input), f.field("timeout_ms", x.timeout_ms),
                            f.field("caller", x.caller), f.field("thread", x.thread),
                            f.field("on_busy", x.on_busy),
                            f.field("cancel_on_disconnect", x.cancel_on_disconnect), f.field("hops", x.hops));
}

template <class Inspector>
bool inspect(Inspector& f, log_request& x) {
  return f.object(x).fields(f.field("patterns", x.patterns), f.field("client_id", x.client_id),
                            f.field("after_seq", x.after_seq), f.field("before_seq", x.before_seq),
                            f.field("limit", x.limit), f.field("max_bytes", x.max_bytes));
}

template <class Inspector>
bool inspect(Inspector& f, request& x) {
  return f.object(x).fields(f.field("ticket", x.ticket), f.field("what", x.what));
}

template <class Inspector>
bool inspect(Inspector& f, request_batch& x) {
  return f.object(x).fields(f.field("requests", x.requests));
}

template <class Inspector>
bool inspect(Inspector& f, answer& x) {
  return f.object(x).fields(f.field("ticket", x.ticket), f.field("seq", x.seq),
                            f.field("duplicate", x.duplicate), f.field("no", x.no));
}

template <class Inspector>
bool inspect(Inspector& f, answer_batch& x) {
  return f.object(x).fields(f.field("answers", x.answers));
}

template <class Inspector>
bool inspect(Inspector& f, delivery_batch& x) {
  return f.object(x).fields(f.field("deliveries", x.deliveries));
}

template <class Inspector>
bool inspect(Inspector& f, link_receipt& x) {
  return f.object(x).fields(f.field("bytes", x.bytes));
}

template <class Inspector>
bool inspect(Inspector& f, link_resumed& x) {
  return f.object(x).fields(f.field("seq", x.seq), f.field("ephemeral", x.ephemeral));
}

template <class Inspector>
bool inspect(Inspector& f, log_slice& x) {
  return f.object(x).fields(f.field("ticket", x.ticket), f.field("deliveries", x.deliveries),
                            f.field("first_kept", x.first_kept), f.field("read_to", x.read_to),
                            f.field("head", x.head));
}

template <class Inspector>
bool inspect(Inspector& f, attach_relay& x) {
  return f.object(x).fields(f.field("name", x.name), f.field("relay", x.relay), f.field("hops", x.hops),
                            f.field("reach", x.reach), f.field("epoch", x.epoch), f.field("seq", x.seq));
}

template <class Inspector>
bool inspect(Inspector& f, attach_later& x) {
  return f.object(x).fields();
}

template <class Inspector>
bool inspect(Inspector& f, namespace_moves& x) {
  return f.object(x).fields();
}

template <class Inspector>
bool inspect(Inspector& f, relay_paused& x) {
  return f.object(x).fields();
}

template <class Inspector>
bool inspect(Inspector& f, attached& x) {
  return f.object(x).fields(f.field("ns", x.ns), f.field("epoch", x.epoch), f.field("seq", x.seq),
                            f.field("credit", x.credit), f.field("link_bytes", x.link_bytes),
                            f.field("no", x.no), f.field("label", x.label));
}

template <class Inspector>
bool inspect(Inspector& f, subscribe_durably& x) {
  return f.object(x).fields(f.field("name", x.name), f.field("patterns", x.patterns),
                            f.field("window", x.window), f.field("subscriber", x.subscriber));
}

template <class Inspector>
bool inspect(Inspector& f, offered_event& x) {
  event_ptr& what = x.what;
  return inspect(f, what) && f.apply(x.attempt) && f.apply(x.redelivered);
}

template <class Inspector>
bool inspect(Inspector& f, settlement& x) {
  return f.object(x).fields(f.field("subscription", x.subscription), f.field("seq", x.seq));
}

template <class Inspector>
bool inspect(Inspector& f, task_failed& x) {
  return f.object(x).fields(f.field("subscription", x.subscription), f.field("seq", x.seq),
                            f.field("error", x.error), f.field("final", x.final));
}

template <class Inspector>
bool inspect(Inspector& f, call_buried& x) {
  return f.object(x).fields(f.field("run_id", x.run_id), f.field("error", x.error));
}

template <class Inspector>
bool inspect(Inspector& f, namespace_vacancy::kind& x) {
  auto get = [&x] { return static_cast<std::uint8_t>(x); };
  auto set = [&x](std::uint8_t value) {
    x = static_cast<namespace_vacancy::kind>(value);
    return value <= static_cast<std::uint8_t>(namespace_vacancy::kind::empty);
  };
  return f.apply(get, set);
}

template <class Inspector>
bool inspect(Inspector& f, namespace_vacancy& x) {
  return f.object(x).fields(f.field("name", x.name), f.field("what", x.what));
}

template <class Inspector>
bool inspect(Inspector& f, retire_namespace& x) {
  return f.object(x).fields(f.field("at_least", x.at_least));
}

template <class Inspector>
bool inspect(Inspector& f, admin_query::verb& x) {
  auto get = [&x] { return static_cast<std::uint8_t>(x); };
  auto set = [&x](std::uint8_t value) {
    x = static_cast<admin_query::verb>(value);
    return value <= static_cast<std::uint8_t>(admin_query::verb::events);
  };
  return f.apply(get, set);
}

template <class Inspector>
bool inspect(Inspector& f, admin_query& x) {
  return f.object(x).fields(f.field("what", x.what), f.field("ns", x.ns), f.field("event_id", x.event_id),
                            f.field("limit", x.limit), f.field("node", x.node), f.field("agent", x.agent),
                            f.field("after_seq", x.after_seq));
}

template <class Inspector>
bool inspect(Inspector& f, admin_answer& x) {
  return f.object(x).fields(f.field("no", x.no), f.field("json", x.json));
}

template <class Inspector>
bool inspect(Inspector& f, server_event& x) {
  return f.object(x).fields(f.field("type", x.type), f.field("data", x.data),
                            f.field("ephemeral", x.ephemeral), f.field("hops", x.hops));
}

template <class Inspector>
bool inspect(Inspector& f, server_events& x) {
  return f.object(x).fields(f.field("all", x.all));
}

} // namespace weir
