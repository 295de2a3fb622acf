#include "actors/cluster/links/node_address.hpp"

#include <charconv>

namespace weir {

std::optional<node_address> parse_node_address(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  auto digits = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return std::nullopt; // an IPv6 address without its brackets: which part is the port?
  node_address out{std::string{host}, 0};
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (host.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

std::string to_string(const node_address& x) {
  auto host = x.host.find(':') == std::string::npos ? x.host : '[' + x.host + ']';
  return host + ':' + std::to_string(x.port);
}

} // namespace weir
