#pragma once

#include "actors/auth/access_token.hpp"
#include "actors/core/refusal.hpp"

#include <caf/actor_system.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir {

/// Who a client is and what it may do, as its token says.
struct client_identity {
  std::string client_id;               ///< Empty: the client names itself, as there is no authentication.
  std::vector<std::string> namespaces; ///< See `auth::access_claims`.
  auth::rights may;
  std::int64_t expires_ms = 0; ///< Milliseconds since the Unix epoch; 0: never.
  std::int64_t issued_ms = 0;  ///< 0: not said.
  std::string token_id;        ///< Empty: not said.
};

using identity_ptr = std::shared_ptr<const client_identity>;

/// Decides who may come in. One for the node; every I/O thread asks it, and what it knows can be replaced
/// while they do.
class authenticator {
public:
  enum class mode : std::uint8_t { none, jwt };

  struct config {
    authenticator::mode mode = mode::none;
    auth::token_rules rules;
    std::string default_namespace;                    ///< Of clients that name none; empty: there is none.
    std::optional<std::string> anonymous_rights_json; ///< Of who comes without a token; nothing: nobody does.
    std::vector<auth::verification_key> keys;
  };

  explicit authenticator(caf::actor_system& sys);
  authenticator(caf::actor_system& sys, config settings);

  /// From now on these rules hold for who comes in. May be called from any thread.
  void replace(config settings);

  bool is_required() const { return current()->mode == mode::jwt; }

  /// @param token as it came; empty: none.
  /// @param now_ms milliseconds since the Unix epoch.
  /// @returns who it is, or `401 unauthenticated`, `401 token_expired`: the reason is counted, and only that
  /// a token has expired is told.
  std::variant<identity_ptr, refusal> identify(std::string_view token, std::int64_t now_ms) const;

  /// Whether the namespace is one that the identity may enter.
  bool may_enter(const client_identity& who, std::string_view ns) const;

  /// The namespace of a client that names none: its token's only one, else `listen.default_namespace`; empty:
  /// there is none.
  std::string namespace_of(const client_identity& who) const;

private:
  std::shared_ptr<const config> current() const { return std::atomic_load(&settings_); }
  refusal refused(auth::token_error error) const;

  caf::actor_system& sys_;
  std::shared_ptr<const config> settings_; // read and replaced atomically
  identity_ptr anyone_;                    // without authentication
};

} // namespace weir
