#pragma once

#include <string>

namespace weir {

/// The secret that signs session tokens: the value of the environment variable `env_name` where it is set,
/// else what is in `<data_dir>/session.secret`, which is made (mode 0600, 32 random bytes as hex) where it is
/// missing, with its folder (mode 0700).
///
/// Throws `std::runtime_error` when the variable's value or the file's is shorter than
/// `session_signer::min_secret_bytes`, when others than the owner may read or write the file, and when it
/// cannot be read or made. The message never has the secret.
std::string load_session_secret(const std::string& env_name, const std::string& data_dir);

} // namespace weir
