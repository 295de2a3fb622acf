#include "net/openai/openai_url.hpp"

#include "actors/core/url.hpp"

namespace weir {

namespace {

constexpr std::string_view completions = "/chat/completions";

} // namespace

std::variant<openai_endpoint, std::string> parse_openai_url(std::string_view url) {
  auto got = parse_server_url(url, {"http", "https"});
  if (auto* wrong = std::get_if<std::string>(&got)) return std::move(*wrong);
  auto& at = std::get<server_url>(got);
  if (at.names_user) return "must not hold credentials: see api_key_env";
  while (!at.path.empty() && at.path.back() == '/') at.path.pop_back();
  if (at.path.ends_with(completions)) return "must end before /chat/completions, which is added";
  auto tls = at.scheme == "https";
  auto port = std::to_string(at.at.port.value_or(tls ? 443 : 80));
  return openai_endpoint{tls, at.at.host, port, at.path + std::string{completions}, to_string(at.at)};
}

} // namespace weir
