#pragma once

#include "actors/core/refusal.hpp"
#include "actors/event/receipt_kind.hpp"
#include "actors/messages/runs.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

// What clients send, decoded and checked: a value of one of these types keeps to the client protocol.

namespace weir::wire {

struct hello {
  std::string ns;                        ///< Empty: the token's, or the node's default.
  std::string client_id;                 ///< Empty: the token's.
  std::string token;                     ///< Of the client, as it came; empty: none.
  std::string meta = "{}";               ///< JSON text of an object.
  std::string session;                   ///< The token of a session to resume, as it came; empty: none.
  std::optional<std::uint64_t> last_seq; ///< All up to this one has been seen …
  std::string epoch{};                   ///< … of this history; empty: not said.
};

struct publish {
  std::string type;
  std::string message_id;
  std::string as;   ///< The client_id that it is published as; empty: the client's own.
  std::string to;   ///< Empty: everyone.
  std::string data; ///< JSON text, as the client wrote it.
  bool ephemeral = false;
  std::string prev_event_id; ///< Empty: none.
  receipt_kind receipt = receipt_kind::none;
};

struct subscribe {
  std::string id;
  std::string pattern;
  std::optional<std::uint64_t> from; ///< This seq and on, from 1; none: what is new.
  std::string queue;                 ///< The group that shares the events; empty: none.
  bool ack = false;                  ///< The client acknowledges what it has got.
  std::int64_t ack_timeout_ms = 0;   ///< Of a queue: so long it may have an event in hand; 0: the limit's.
};

struct unsubscribe {
  std::string id;
};

struct call {
  std::string target;
  std::string message_id;
  std::string input;           ///< JSON text, as the client wrote it.
  std::int64_t timeout_ms = 0; ///< 0: the target's default.
  bool stream = false;
  std::string prev_event_id; ///< Empty: none.
  std::string thread;        ///< A conversation's name; empty: none.
  busy_policy on_busy = busy_policy::concurrent;
  bool cancel_on_disconnect = false;
};

struct watch {
  std::string run_id;
  std::uint64_t at = 0; ///< The code point from which on the text is wanted.
};

struct unwatch {
  std::string run_id;
};

/// A piece of text of an external agent, by one of its workers.
struct delta {
  std::string run_id;
  std::optional<std::uint64_t> at; ///< The code point where it begins; none: where the text ends.
  std::string text;
};

/// The end of an external agent's answer. Either `output` or `error` is meant.
struct result {
  std::string run_id;
  std::string output = "null";      ///< JSON text, as the worker wrote it.
  std::optional<std::string> error; ///< Why there is no output.
  token_usage usage;
};

struct cancel {
  std::string run_id;
};

struct ping {
  std::string id; ///< Empty: none.
};

/// A new token of the client that is there already.
struct authenticate {
  std::string id; ///< Empty: none.
  std::string token;
};

/// Either `seq` or `event_id` is set.
struct ack {
  std::uint64_t seq = 0; ///< All up to it; 0: none.
  std::string event_id;  ///< One of a queue; empty: none.
};

/// Gives a queue's event to another member.
struct nack {
  std::string event_id;
  std::int64_t delay_ms = 0;
};

struct history {
  std::string id;
  std::string pattern = ">";
  std::uint64_t after_seq = 0;
  std::uint32_t limit = 100;
};

struct presence {
  std::string id;
  std::uint32_t limit = 100;
  std::string after; ///< A client_id: those behind it, by name.
};

using client_frame = std::variant<hello, publish, subscribe, unsubscribe, call, cancel, ping, ack, nack,
                                  history, presence, watch, unwatch, delta, result, authenticate>;

/// What an `error` frame answers. At most one is set; all empty when the frame named nothing.
struct answered {
  std::string message_id;
  std::string id;
  std::string run_id;
};

/// A frame that breaks the protocol, or asks for what this version lacks.
struct rejected {
  refusal no;
  answered what;
};

} // namespace weir::wire
