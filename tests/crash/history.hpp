#pragma once

// What was seen from outside while a node was being killed: all that the checker knows.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace weir::test {

/// Microseconds since the run began.
using moment = std::int64_t;

/// Stands for type, predecessor and data of an event: equal where those are.
using content_hash = std::size_t;

struct publish_answer {
  std::uint64_t seq = 0;
  bool duplicate = false;
};

/// One event that a client published, however often it had to send it.
struct published {
  std::string client_id;
  std::string event_id;
  std::string type;
  content_hash content = 0;
  std::vector<publish_answer> oks = {};
};

/// One event of the log, as a `history` frame told it.
struct logged {
  std::uint64_t seq = 0;
  std::string event_id;
  std::string client_id;
  std::string type;
  std::string prev_event_id;
  bool causal_gap = false;
  content_hash content = 0;
  std::string dead_letter; ///< The event_id that a `sys.agent.dead_letter` names.
};

/// One event that a session was sent.
struct received {
  std::uint64_t seq = 0;
  std::string event_id;
  content_hash content = 0;
  moment at = 0;
};

/// What a session asked for. Between the two positions it may get events or not: the answer to a first
/// `subscribe` can be lost with the connection.
struct subscription {
  std::string pattern;
  std::uint64_t maybe_after = 0; ///< Nothing up to here is for it.
  std::uint64_t after = 0;       ///< Everything from here on is for it.
};

/// A `welcome`.
struct attached_as {
  std::string epoch;
  std::uint64_t seq = 0;      ///< The head, as the node said it.
  std::uint64_t last_seq = 0; ///< The newest event that the session had seen.
  bool must_recover = false;  ///< The session had a subscription that was answered.
  bool recovered = false;
  moment at = 0;
};

struct missing {
  std::uint64_t from = 0, to = 0;
  std::string reason;
};

/// One session, over all its connections.
struct session_record {
  std::string name;
  std::vector<subscription> subscriptions;
  std::vector<received> events; ///< In the order in which they came.
  std::vector<attached_as> welcomes;
  std::vector<missing> gaps;
  bool to_the_end = true; ///< It was there when the run ended; else it left after its last event.
};

/// One event in the hands of a queue's worker.
struct handed_out {
  std::string worker;
  std::string event_id;
  moment at = 0;
  bool acked = false;          ///< With an ack that the kernel took; it may have been lost after that.
  moment connection_began = 0; ///< Just before that worker connected.
  moment connection_cut = 0; ///< When the worker itself cut it, or last heard from it; 0: not before the end.
};

/// A whole run.
struct history {
  std::vector<published> publishes;
  std::vector<session_record> sessions;
  std::vector<handed_out> jobs;    ///< By time.
  std::vector<moment> kills;       ///< Each just before the node was killed.
  std::vector<logged> log;         ///< As read at the end, from seq 1.
  std::string epoch;               ///< As told to who read the log.
  std::string queue_pattern;       ///< Events that go to workers.
  std::vector<std::string> faults; ///< What a client saw that the protocol does not allow at all.
};

} // namespace weir::test
