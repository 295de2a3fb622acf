#pragma once

#include "apps/weir/commands/client.hpp"

#include <string>

namespace weir {

// The commands that are one exchange of the client protocol. Each returns the process's exit status.

/// `weir publish TYPE DATA`: prints the `ok` frame.
int publish_command(const client_options& options, const std::string& type, const std::string& data);

/// `weir tail PATTERN`: prints event frames until SIGINT or SIGTERM.
int tail_command(const client_options& options, const std::string& pattern);

/// `weir call TARGET INPUT`: prints the `result` frame. @param stream the `delta` frames too.
int call_command(const client_options& options, const std::string& target, const std::string& input,
                 bool stream);

/// `weir chat`: sends each line of stdin as a call to `agent` and prints the answer as it comes.
int chat_command(const client_options& options, const std::string& agent);

} // namespace weir
