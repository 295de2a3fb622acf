#pragma once

#include <chrono>
#include <string>

namespace weir {

struct http_answer {
  unsigned status = 0;
  std::string body;
};

/// Makes one HTTP request and waits for its answer. For commands and tests: it blocks.
/// @param url `http://host:port`, without a path.
/// @param path with its query.
/// @param token goes out as a bearer token; empty: none.
/// Throws std::runtime_error that names the address when there is no answer in time; a `connection_refused`
/// when nobody listens there.
http_answer http_fetch(const std::string& url, const std::string& method, const std::string& path,
                       const std::string& body, const std::string& token, std::chrono::milliseconds timeout);

} // namespace weir
