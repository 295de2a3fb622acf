#pragma once

#include "actors/event/event.hpp"
#include "actors/messages/runs.hpp"

#include <cstdint>
#include <string>

namespace weir {

/// A call as it stands in the log.
struct call_order {
  std::string run_id;
  std::uint64_t seq = 0;  ///< Of its event.
  std::int64_t ts_ms = 0; ///< When it was accepted, milliseconds since the Unix epoch.
  std::string client_id;
  std::string target;
  std::string input;           ///< JSON text.
  std::int64_t timeout_ms = 0; ///< Of the whole run; 0: the target's default.
  std::string thread;          ///< Empty: none.
  busy_policy on_busy = busy_policy::concurrent;
  std::uint32_t hops = 0;    ///< As of its event.
  std::uint32_t attempt = 1; ///< 2: the process died while it was in hand.
};

/// Reads the event that stands for a call; see `call_event_data`. Throws a nlohmann::json::exception when it
/// is none, which only a log that somebody else wrote can hold.
call_order read_order(const event& x);

} // namespace weir
