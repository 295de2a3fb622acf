#pragma once

#include <string>
#include <string_view>
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

/// Reads `http[s]://host[:port][/path]`. The port is 80 or 443 where none is given.
/// @returns where that is, or what is wrong with it.
std::variant<openai_endpoint, std::string> parse_openai_url(std::string_view url);

} // namespace weir
