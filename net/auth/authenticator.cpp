#include "net/auth/authenticator.hpp"

#include <caf/telemetry/metric_registry.hpp>

#include <utility>

namespace weir {

namespace {

identity_ptr without_authentication() {
  auto out = std::make_shared<client_identity>();
  out->namespaces = {"*"};
  out->may = auth::rights::unrestricted();
  return out;
}

} // namespace

authenticator::authenticator(caf::actor_system& sys) : authenticator(sys, config{}) {}

authenticator::authenticator(caf::actor_system& sys, config settings)
  : sys_(sys), anyone_(without_authentication()), settings_(std::move(settings)) {
  publish();
}

void authenticator::replace(config settings) {
  std::lock_guard guard{lock_};
  settings_ = std::move(settings);
  publish();
}

void authenticator::set_fetched_keys(std::vector<auth::verification_key> keys) {
  std::lock_guard guard{lock_};
  fetched_ = std::move(keys);
  publish();
}

void authenticator::on_unknown_key(std::function<void()> call) {
  std::lock_guard guard{lock_};
  on_unknown_key_ = std::move(call);
}

/// Puts what has changed into force.
void authenticator::publish() {
  auto next = std::make_shared<snapshot>();
  next->settings = settings_;
  next->keys = settings_.keys;
  next->keys.insert(next->keys.end(), fetched_.begin(), fetched_.end());
  std::atomic_store(&snapshot_, std::shared_ptr<const snapshot>{std::move(next)});
  ++keys_version_;
}

refusal authenticator::refused(auth::token_error error) const {
  auto* failures = sys_.metrics().counter_family("weir", "auth-failures", {"reason"},
                                                 "Tokens that were refused, by reason.", "1", true);
  failures->get_or_add({{"reason", auth::to_string(error)}})->inc();
  if (error == auth::token_error::unknown_key) {
    std::lock_guard guard{lock_};
    if (on_unknown_key_) on_unknown_key_();
  }
  if (error == auth::token_error::expired)
    return {code::unauthenticated, "token_expired", "the token has expired", 0, {}, 0, 0};
  return {code::unauthenticated,
          "unauthenticated",
          error == auth::token_error::missing ? "a token is needed" : "the token was not accepted",
          0,
          {},
          0,
          0};
}

std::variant<identity_ptr, refusal> authenticator::identify(std::string_view token,
                                                            std::int64_t now_ms) const {
  auto now = current();
  const auto* settings = &now->settings;
  if (settings->mode == mode::none) return anyone_;
  auto out = std::make_shared<client_identity>();
  if (token.empty() && settings->anonymous_rights_json) {
    auto read = auth::parse_rights(*settings->anonymous_rights_json, "anonymous");
    if (auto* may = std::get_if<auth::rights>(&read)) out->may = std::move(*may);
    return out;
  }
  auto verified = auth::verify_access_token(token, now->keys, settings->rules, now_ms);
  if (auto* error = std::get_if<auth::token_error>(&verified)) return refused(*error);
  auto& claims = std::get<auth::access_claims>(verified);
  out->client_id = std::move(claims.client_id);
  out->namespaces = std::move(claims.namespaces);
  out->may = std::move(claims.may);
  // The leeway is for clocks that differ: a token that came within it lives on for a moment.
  out->expires_ms = claims.expires_ms;
  out->issued_ms = claims.issued_ms;
  out->token_id = std::move(claims.token_id);
  return out;
}

bool authenticator::may_enter(const client_identity& who, std::string_view ns) const {
  auth::access_claims claims;
  claims.namespaces = who.namespaces;
  return claims.may_enter(ns, current()->settings.default_namespace);
}

std::string authenticator::namespace_of(const client_identity& who) const {
  auth::access_claims claims;
  claims.namespaces = who.namespaces;
  return claims.only_namespace().value_or(current()->settings.default_namespace);
}

} // namespace weir
