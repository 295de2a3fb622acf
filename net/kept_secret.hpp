#pragma once

#include <optional>
#include <string>

namespace weir {

/// A secret of the node's own, in a file that only its owner may read: what is there, without the newlines at
/// its end. Nothing where there is no such file.
///
/// Throws `std::runtime_error` when others than the owner may read or write the file, and when it cannot be
/// read. The message never has the secret.
std::optional<std::string> read_kept_secret(const std::string& path);

/// As `read_kept_secret` of `<folder>/<name>`, which is made (mode 0600, 32 random bytes as hex) where it is
/// missing, with its folder (mode 0700). All who make it at once get the same. Throws when it cannot be made,
/// too.
std::string load_or_make_secret(const std::string& folder, const std::string& name);

} // namespace weir
