#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir::auth {

/// Whose runs a client may watch or cancel.
enum class run_reach : std::uint8_t {
  none,
  own, ///< Runs that its own client_id called.
  any,
};

/// Limits that a token sets for its client; 0: none, the node's and the namespace's stay in force.
struct token_limits {
  std::uint32_t publish_per_s = 0;
  std::uint32_t connections = 0;
  std::uint64_t model_tokens_per_min = 0;

  bool operator==(const token_limits&) const = default;
};

/// What a client may do. A default-constructed one may do nothing.
///
/// Patterns are the protocol's. Names (`call`, `queue`, `as`) are exact, or end in `*` for any name that
/// begins so.
struct rights {
  std::vector<std::string> publish;   ///< Patterns of types that it may publish.
  std::vector<std::string> subscribe; ///< Patterns that cover what it may subscribe to and read.
  std::vector<std::string> call;      ///< Agents, workflows and models.
  std::vector<std::string> queue;     ///< Queue groups that it may join.
  std::vector<std::string> as;        ///< client_ids beside its own that it may publish as.
  bool history = false;
  bool presence = false;
  run_reach watch = run_reach::none;
  run_reach cancel = run_reach::none;
  token_limits limits;
  std::string meta; ///< JSON text of an object that presence shows; empty: the client's own.

  bool operator==(const rights&) const = default;

  /// Everything that a client can do, with runs of its own.
  static rights of_client();

  /// Everything, as any client: what holds where nobody is authenticated.
  static rights unrestricted();

  bool may_publish(std::string_view type) const noexcept;

  /// Whether one right covers all that `pattern` can match.
  bool may_subscribe(std::string_view pattern) const noexcept;

  /// Whether an event of this type may be shown to it.
  bool may_see(std::string_view type) const noexcept;

  bool may_call(std::string_view target) const noexcept;
  bool may_join(std::string_view queue_name) const noexcept;
  bool may_publish_as(std::string_view client_id) const noexcept;
  bool may_watch(bool own_run) const noexcept;
  bool may_cancel(bool own_run) const noexcept;
};

/// Most entries of one list of rights, and bytes of `meta`.
inline constexpr std::size_t max_rights_entries = 256;
inline constexpr std::size_t max_rights_meta_bytes = 4096;

/// Reads the `weir` claim or `auth.default_rights`: an object in which each right that is not named is not
/// given.
/// @param client_id stands for `{sub}` in patterns and names. An entry in which that would not be one token
/// of a subject grants nothing.
/// @returns a text that names the member that is wrong.
std::variant<rights, std::string> parse_rights(std::string_view json_text, std::string_view client_id);

/// Whether everything that `narrow` matches is matched by `wide`: `chat.>` covers `chat.*.reply`. Both must
/// be valid patterns.
bool covers(std::string_view wide, std::string_view narrow) noexcept;

} // namespace weir::auth
