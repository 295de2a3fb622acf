#pragma once

#include "actors/auth/access_token.hpp"
#include "actors/core/refusal.hpp"

#include <caf/actor_system.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
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

  /// Keys beside those of the rules, which came from elsewhere. May be called from any thread.
  void set_fetched_keys(std::vector<auth::verification_key> keys);

  /// Called, from any thread, when a token names a key that is not known; null: nobody is.
  void on_unknown_key(std::function<void()> call);

  /// Changes whenever the keys may have.
  std::uint64_t keys_version() const noexcept { return keys_version_.load(); }

  bool is_required() const { return current()->settings.mode == mode::jwt; }

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
  /// What is in force; never changed, only replaced.
  struct snapshot {
    config settings;
    std::vector<auth::verification_key> keys; ///< Of the settings, and those that were fetched.
  };

  std::shared_ptr<const snapshot> current() const { return std::atomic_load(&snapshot_); }
  void publish();
  refusal refused(auth::token_error error) const;

  caf::actor_system& sys_;
  std::shared_ptr<const snapshot> snapshot_; // read and replaced atomically
  std::atomic<std::uint64_t> keys_version_{0};
  identity_ptr anyone_; // without authentication

  mutable std::mutex lock_; // guards what follows
  config settings_;
  std::vector<auth::verification_key> fetched_;
  std::function<void()> on_unknown_key_;
};

} // namespace weir
