#pragma once

#include "apps/weir/config/node_config.hpp"
#include "net/auth/authenticator.hpp"

#include <string>
#include <variant>
#include <vector>

namespace weir {

/// What `auth` asks for, with the keys that its variables and files hold now. Keys of `auth.keys[].jwks_url`
/// are not among them: see `key_refresher`.
/// @returns a text that names the key and what is wrong with it; never what is secret.
std::variant<authenticator::config, std::string> load_authentication(const node_config& cfg);

/// Why a shared secret cannot be used; never what is in it.
struct no_secret {
  std::string why;
};

/// The shared secret of a key with `secret_env` or `secret_file`.
std::variant<std::string, no_secret> read_key_secret(const auth_key& key);

/// The addresses of the key sets.
std::vector<std::string> key_set_urls(const auth_section& section);

} // namespace weir
