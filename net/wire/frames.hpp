#pragma once

#include "actors/core/refusal.hpp"

#include <cstdint>
#include <string>
#include <variant>

// What clients send, decoded and checked: a value of one of these types keeps to the client protocol.

namespace weir::wire {

struct hello {
  std::string ns;
  std::string client_id;
  std::string meta = "{}"; ///< JSON text of an object.
};

struct publish {
  std::string type;
  std::string message_id;
  std::string to;   ///< Empty: everyone.
  std::string data; ///< JSON text, compact.
  bool ephemeral = false;
};

struct subscribe {
  std::string id;
  std::string pattern;
};

struct unsubscribe {
  std::string id;
};

struct call {
  std::string target;
  std::string message_id;
  std::string input;           ///< JSON text, compact.
  std::int64_t timeout_ms = 0; ///< 0: the target's default.
  bool stream = false;
};

struct cancel {
  std::string run_id;
};

struct ping {
  std::string id; ///< Empty: none.
};

using client_frame = std::variant<hello, publish, subscribe, unsubscribe, call, cancel, ping>;

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
