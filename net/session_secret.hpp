#pragma once

#include "actors/core/secret_source.hpp"

#include <string>
#include <vector>

namespace weir {

/// Where the secrets of session tokens are.
struct session_secret_sources {
  std::vector<secret_source>
      all;             ///< The newest, which signs, then older ones, which verify. Empty: see `usual`.
  secret_source usual; ///< Where nothing is there either: `session.secret` in `data_dir`.
  std::string data_dir;
};

/// The secrets that sign (the first) and verify session tokens: each of `all`, else the one of `usual`, else
/// what is in `<data_dir>/session.secret`, which is made where it is missing (see `load_or_make_secret`).
///
/// Throws `std::runtime_error` when one is shorter than `session_signer::min_secret_bytes`, when one of `all`
/// is not there, and when a file cannot be read or made. The message never has a secret.
std::vector<std::string> load_session_secrets(const session_secret_sources& from);

/// What `load_session_secrets` would throw, without making anything; empty: nothing.
std::string check_session_secrets(const session_secret_sources& from);

} // namespace weir
