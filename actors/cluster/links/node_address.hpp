#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

/// Where a node listens for the others.
struct node_address {
  std::string host; ///< A name or an IP address.
  std::uint16_t port = 0;
};

/// Reads `host:port`, or `[address]:port` for IPv6. Nothing where the text is neither.
std::optional<node_address> parse_node_address(std::string_view text);

std::string to_string(const node_address& x);

} // namespace weir
