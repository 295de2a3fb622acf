#include "net/openai/openai_url.hpp"

#include <string_view>

namespace weir {

namespace {

constexpr std::string_view plain_scheme = "http://";
constexpr std::string_view tls_scheme = "https://";
constexpr std::string_view completions = "/chat/completions";

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos
         && std::stoul(std::string{text}) <= 65535;
}

} // namespace

std::variant<openai_endpoint, refusal> parse_openai_url(const std::string& url) {
  auto wrong = [&url](const char* what) { return refusal::bad_field("'" + url + "': " + what); };
  std::string_view rest = url;
  auto tls = rest.substr(0, tls_scheme.size()) == tls_scheme;
  if (!tls && rest.substr(0, plain_scheme.size()) != plain_scheme)
    return wrong("must begin with http:// or https://");
  for (auto x : rest)
    if (x <= 0x20 || x > 0x7E || x == '?' || x == '#' || x == '@')
      return refusal::bad_field(
          "the URL must be http[s]://host[:port][/path], without spaces, user, query or fragment");
  rest.remove_prefix(tls ? tls_scheme.size() : plain_scheme.size());
  auto authority = rest.substr(0, rest.find('/'));
  auto path = rest.substr(authority.size());
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  if (path.size() >= completions.size() && path.substr(path.size() - completions.size()) == completions)
    return wrong("must end before /chat/completions, which is added");
  auto bracket = authority.rfind(']');
  auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  auto host = authority.substr(0, colon);
  if (bracket != std::string_view::npos && host.size() > 2) host = host.substr(1, host.size() - 2);
  auto usual = tls ? std::string_view{"443"} : std::string_view{"80"};
  auto port = colon == std::string_view::npos ? usual : authority.substr(colon + 1);
  if (host.empty()) return wrong("has no host");
  if (!is_port(port)) return wrong("the port must be a number up to 65535");
  return openai_endpoint{tls, std::string{host}, std::string{port}, std::string{path} + "/chat/completions",
                         std::string{authority}};
}

} // namespace weir
