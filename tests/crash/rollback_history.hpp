#pragma once

// What was seen from outside of a store that went back, again and again: all that the checker knows.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace weir::test {

/// An `ok` for a publish.
struct acked_event {
  std::string epoch;
  std::uint64_t seq = 0;
  std::string event_id;
};

/// Something that a session was told, in order.
struct told {
  enum class what {
    welcome, ///< `recovered`; `seq` is the head.
    gap,     ///< `from` to `seq`, for `reason`, in `epoch`.
    asked,   ///< Its `subscribe` was answered: what comes after `seq` is for it.
    event,
  };

  what kind;
  std::string epoch;
  std::uint64_t seq = 0;
  std::uint64_t from = 0;
  std::string event_id{};
  std::string reason{};
  bool recovered = false;
};

struct told_session {
  std::string name;
  std::vector<told> all;
};

struct rollback_history {
  std::vector<acked_event> acks;
  std::vector<told_session>
      sessions;                 ///< All were there when it ended, and subscribed to all that is published.
  std::vector<acked_event> log; ///< As read at the end.
  std::string epoch;            ///< Of that.
  std::vector<std::string> rollbacks; ///< What was done to the store, for a person.
  std::vector<std::string> faults;
  bool must_stay = false; ///< Nothing was lost: there must be one epoch.
};

} // namespace weir::test
