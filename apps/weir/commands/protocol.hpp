#pragma once

#include "apps/weir/commands/client.hpp"

#include <cstdint>
#include <string>

namespace weir {

// The commands that are one exchange of the client protocol. Each returns the process's exit status. A node
// that does not answer in time is a `ws_error`.

struct publish_arguments {
  std::string type, data;
  std::string to;            ///< A client_id; empty: everyone.
  std::string prev_event_id; ///< Empty: none.
  bool ephemeral = false;
  std::int64_t timeout_ms = 30'000; ///< For the answer, which a predecessor may hold up.
};

/// `weir publish TYPE DATA`: prints the `ok` frame.
int publish_command(const client_options& options, const publish_arguments& what);

struct tail_arguments {
  std::string pattern;
  std::uint64_t from = 0;      ///< This seq and on; 0: what is new.
  std::uint64_t count = 0;     ///< Ends after so many events; 0: does not.
  std::int64_t timeout_ms = 0; ///< Ends after this; 0: does not.
};

/// `weir tail PATTERN`: prints event frames until SIGINT, SIGTERM or what `what` says. Not done when the time
/// is over before `count` events have come.
int tail_command(const client_options& options, const tail_arguments& what);

struct call_arguments {
  std::string target, input;
  bool stream = false;         ///< Prints the `delta` frames too.
  std::int64_t timeout_ms = 0; ///< Of the run; 0: the target's default.
  std::string thread;          ///< Empty: none.
  std::string on_busy;         ///< As in the protocol; empty: its default.
  std::string on_disconnect;   ///< As above.
};

/// `weir call TARGET INPUT`: prints the `result` frame.
int call_command(const client_options& options, const call_arguments& what);

struct watch_arguments {
  std::string run_id;
  std::uint64_t at = 0; ///< The text from this code point on.
};

/// `weir watch RUN_ID`: prints the run's `delta` frames and its `result` frame.
int watch_command(const client_options& options, const watch_arguments& what);

/// `weir chat`: sends each line of stdin as a call to `agent` and prints the answer as it comes.
int chat_command(const client_options& options, const std::string& agent);

} // namespace weir
