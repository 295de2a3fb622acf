#pragma once

#include "actors/core/refusal.hpp"

#include <string>
#include <variant>

namespace weir {

/// Where a model server is.
struct openai_endpoint {
  bool tls = false;
  std::string host; ///< A name, or an address without brackets.
  std::string port;
  std::string target;      ///< The path of chat completions.
  std::string host_header; ///< As in the URL.
};

/// Takes `http[s]://host[:port][/path]` apart, or says what is wrong with it. The port is 80 or 443 where
/// none is given.
std::variant<openai_endpoint, refusal> parse_openai_url(const std::string& url);

} // namespace weir
