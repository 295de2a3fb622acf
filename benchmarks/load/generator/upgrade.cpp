#include "benchmarks/load/generator/upgrade.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace weir::bench {

namespace {

constexpr std::string_view retry_after = "\r\nretry-after:";

int number_at(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  int out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

} // namespace

std::string upgrade_request(std::string_view host, std::string_view path, std::string_view subprotocol) {
  std::string out = "GET ";
  out.append(path).append(" HTTP/1.1\r\nHost: ").append(host);
  out += "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
         "Sec-WebSocket-Version: 13\r\n";
  if (!subprotocol.empty()) out.append("Sec-WebSocket-Protocol: ").append(subprotocol).append("\r\n");
  return out += "\r\n";
}

std::optional<upgrade_answer> read_upgrade_answer(std::string_view bytes) {
  auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  upgrade_answer out;
  out.head_bytes = end + 4;
  auto head = bytes.substr(0, end);
  if (!head.starts_with("HTTP/1.")) return out;
  out.status = number_at(head.substr(std::min<std::size_t>(head.size(), 8)));
  if (out.status == 101) return out;
  auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  auto at = std::search(head.begin(), head.end(), retry_after.begin(), retry_after.end(), same);
  if (at != head.end())
    out.retry_after_s =
        number_at(head.substr(static_cast<std::size_t>(at - head.begin()) + retry_after.size()));
  return out;
}

} // namespace weir::bench
