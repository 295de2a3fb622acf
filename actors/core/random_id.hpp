#pragma once

#include <string>

namespace weir {

/// 15 characters of `[0-9a-zA-Z_-]`, 90 random bits from the kernel: whoever guesses a session's id could
/// take the session over. 15 characters fit into a string without memory beside itself. Throws
/// `std::runtime_error` when the kernel gives no random bytes.
std::string random_id();

} // namespace weir
