#include "actors/cluster/links/node_address.hpp"

#include "actors/core/url.hpp"

namespace weir {

std::optional<node_address> parse_node_address(std::string_view text) {
  auto got = parse_host_port(text);
  auto* at = std::get_if<host_port>(&got);
  if (at == nullptr || !at->port) return std::nullopt;
  return node_address{std::move(at->host), *at->port};
}

std::string to_string(const node_address& x) { return to_string(host_port{x.host, x.port}); }

} // namespace weir
