#pragma once

#include "net/http/http_exchange.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir {

/// Answers a request now or later, on the thread of its socket.
using http_handler = std::function<void(std::shared_ptr<http_exchange>)>;

/// Looks at the head of a request before its body is read. @returns the answer, if it may not go on.
using http_guard = std::function<std::optional<http_reply>(const http_request&)>;

/// Looks at an opening handshake that is in order, and may note in the request who sent it. @returns the
/// answer, if it may not go on.
using upgrade_guard = std::function<std::optional<http_reply>(http_request&)>;

/// Takes over a socket that has become a WebSocket.
using websocket_opener = std::function<opened_connection(const http_request&, std::shared_ptr<transport>,
                                                         std::function<void()> hello_done)>;

struct http_route {
  std::string method; ///< `GET` is also `HEAD`.
  std::string pattern;
  http_handler handle;
  std::uint64_t max_body_bytes = 0; ///< 0: the port's.
  bool probe = false;               ///< Answered even where the port has too many requests in hand.
  std::size_t max_in_hand = 0; ///< At once, on one I/O thread; more are told `503`. 0: no bound of its own.
  http_guard guard;
  std::shared_ptr<std::size_t> in_hand = std::make_shared<std::size_t>(0); ///< Now.
};

struct websocket_route {
  std::string pattern;
  std::vector<std::string> subprotocols; ///< One of these has to be offered; empty: none is looked at.
  websocket_opener open;
  upgrade_guard guard = nullptr; ///< Null: everyone may.
};

/// What a port serves. Plain.
///
/// A pattern is a path whose segments are text, `{name}` for any one segment or, as its last one, `{name…}`
/// for the rest of the path. Text goes before `{name}`. Patterns are few, and are tried one by one.
class route_table {
public:
  void add(http_route route);
  void add(websocket_route route);

  /// Adds a route whose answer is there at once.
  void get(std::string pattern, std::function<http_reply(const http_request&)> answer);

  struct match {
    const http_route* route = nullptr;
    const websocket_route* websocket = nullptr;
    std::string allowed;             ///< The methods that the path has, as `Allow` lists them.
    std::vector<std::string> params; ///< Decoded.
  };

  /// Finds what answers a request, or the answer: no such path, no such method, a path that is not in order.
  std::variant<match, http_reply> find(const http_request& request) const;

private:
  struct entry {
    std::string pattern;
    std::vector<std::string> segments;
    std::vector<http_route> routes; // one for each method
    std::optional<websocket_route> websocket;

    bool fits(const std::vector<std::string>& path, std::vector<std::string>& params) const;
    std::string allowed() const;
  };

  entry& entry_of(const std::string& pattern);

  std::vector<entry> entries_; // those with more text first
};

} // namespace weir
