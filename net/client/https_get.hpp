#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <variant>

namespace weir {

/// What a GET failed with: no address, no connection, a certificate that is not trusted, another status than
/// 200, a body that is too long, no answer in time.
struct fetch_error {
  std::string why;
};

/// Gets a document by `https`, or by `http`. Blocks, for threads of their own. Redirections are not followed.
/// @param url `https://host[:port][/path]`, without a query.
/// @param ca_file PEM of further roots that are trusted; empty: the system's only.
/// @param most the longest body that is taken, in bytes.
/// @returns the body.
std::variant<std::string, fetch_error> https_get(const std::string& url, const std::string& ca_file,
                                                 std::size_t most, std::chrono::milliseconds timeout);

} // namespace weir
