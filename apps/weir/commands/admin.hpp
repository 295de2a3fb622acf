#pragma once

#include <cstdint>
#include <string>

namespace weir {

/// Which node an operator's command speaks to.
struct admin_options {
  std::string url = "http://127.0.0.1:8081";  ///< Of its admin address.
  std::string token_env = "WEIR_ADMIN_TOKEN"; ///< The variable that holds its token, if it wants one.
  std::string token_file;                     ///< The file that holds it; wins over `token_env`.
  std::int64_t timeout_ms = 10'000;
};

/// Each prints JSON lines and gives the exit status.
int namespaces_command(const admin_options& at);

/// Deletes a namespace, with all that is kept of it.
int namespace_delete_command(const admin_options& at, const std::string& ns);

/// Prints all events of a namespace that are kept, in order.
int namespace_export_command(const admin_options& at, const std::string& ns);

/// Has the node copy its store, and puts the copy at `file`, which must not be there yet.
int backup_command(const admin_options& at, const std::string& file);

int nodes_command(const admin_options& at);

/// @param retry an event_id: offer it again; empty: list what is there.
int dead_command(const admin_options& at, const std::string& ns, std::uint32_t limit,
                 const std::string& retry);

/// @param node whom it is meant for, by name; empty: whichever is asked.
int drain_command(const admin_options& at, const std::string& node);

/// @param ns empty: all that are open.
int agents_command(const admin_options& at, const std::string& ns);
int restart_agent_command(const admin_options& at, const std::string& ns, const std::string& agent);

int runs_command(const admin_options& at, const std::string& ns, std::uint32_t limit);

int reload_command(const admin_options& at);

} // namespace weir
