#include "net/http/websocket_upgrade.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>

namespace weir {

namespace {

constexpr std::string_view accept_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3

http_reply upgrade_required(std::string_view message) {
  auto out = error_reply(426, "upgrade_required", message);
  out.with("upgrade", "websocket");
  out.with("connection", "upgrade");
  return out.with("sec-websocket-version", "13");
}

bool is_base64(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/// Base64 of 16 bytes: 22 digits, of which the last has four bits to spare, and two signs that fill up.
bool is_key(std::string_view text) {
  constexpr std::size_t digits = 22;
  return text.size() == digits + 2 && text.substr(digits) == "=="
         && std::all_of(text.begin(), text.begin() + digits, is_base64)
         && std::string_view{"AQgw"}.find(text[digits - 1]) != std::string_view::npos;
}

} // namespace

std::string websocket_accept(std::string_view key) {
  std::string text{key};
  text += accept_suffix;
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  unsigned char out[4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1];
  auto size = EVP_EncodeBlock(out, digest, SHA_DIGEST_LENGTH);
  return {reinterpret_cast<const char*>(out), static_cast<std::size_t>(size)};
}

std::variant<websocket_handshake, http_reply> check_upgrade(const http_request& x,
                                                            const std::vector<std::string>& subprotocols) {
  if (x.method != "GET" || x.version < 11 || !x.has_token("upgrade", "websocket")
      || !x.has_token("connection", "upgrade"))
    return upgrade_required("this is a WebSocket endpoint");
  if (x.count("sec-websocket-version") != 1 || x.field("sec-websocket-version") != "13")
    return upgrade_required("Sec-WebSocket-Version: 13 is needed");
  if (x.has_body) return error_reply(400, "malformed", "an opening handshake has no body");
  if (x.count("sec-websocket-key") != 1 || !is_key(x.field("sec-websocket-key")))
    return error_reply(400, "malformed", "Sec-WebSocket-Key: base64 of 16 bytes is needed");
  websocket_handshake out;
  out.accept = websocket_accept(x.field("sec-websocket-key"));
  if (subprotocols.empty()) return out;
  for_each_element(x.field("sec-websocket-protocol"), [&](std::string_view offered) {
    if (out.subprotocol.empty()
        && std::find(subprotocols.begin(), subprotocols.end(), offered) != subprotocols.end())
      out.subprotocol = offered;
  });
  if (!out.subprotocol.empty()) return out;
  return error_reply(400, "bad_subprotocol", "offer the WebSocket subprotocol " + subprotocols.front());
}

} // namespace weir
