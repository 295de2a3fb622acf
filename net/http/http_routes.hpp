#pragma once

#include <caf/fwd.hpp>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

/// What a node tells about itself.
struct node_status {
  std::string name;
  std::string version;
  std::atomic<bool> ready{false};    ///< False while it starts and while it drains.
  std::atomic<bool> draining{false}; ///< It takes no new clients, and goes when those that it has are gone.
};

/// A plain HTTP request.
struct http_request {
  std::string method;
  std::string path;
  std::string query; ///< What follows the `?`.
  std::string body;
  std::string authorization; ///< The header's value.
};

struct http_reply {
  unsigned status = 200;
  std::string content_type;
  std::string body;
  std::string allow; ///< With 405: what is allowed.
};

/// Answers a plain HTTP request. May be called from any thread.
/// @param target the request's path, without its query.
http_reply route(std::string_view method, std::string_view target, const node_status& node,
                 caf::actor_system& sys);

/// A refusal as a reply: `{"error":{"code":…,"reason":…,"message":…}}`.
/// @param retry_after_ms when to try again, as a field of it; 0: not said.
http_reply error_reply(unsigned status, std::string_view reason, std::string_view message,
                       std::int64_t retry_after_ms = 0);

} // namespace weir
