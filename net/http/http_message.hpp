#pragma once

#include "actors/event/event.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

struct client_identity;

struct http_field {
  std::string name; ///< Lower case.
  std::string value;
};

/// A request whose head has been checked (see request_rules.hpp).
struct http_request {
  std::string id; ///< For the answer's `x-request-id` and the log.
  std::string method;
  std::string target; ///< As it was sent.
  std::string path;   ///< Of the target, still percent-encoded; begins with `/`, or is `*`.
  std::string query;  ///< What follows the `?`.
  std::string
      host; ///< Name and port as they were sent, in lower case; empty: an HTTP/1.0 request without one.
  unsigned version = 11; ///< 10 or 11.
  bool keep_alive = true;
  bool has_body = false;
  std::vector<http_field> fields;
  std::string body;
  std::shared_ptr<const client_identity> identity; ///< Who sent it, as its token says; null: it brought none.
  std::vector<std::string> params; ///< What the `{…}` of the route's pattern stand for, decoded.

  /// All values of a field as one list (RFC 9110, 5.3); empty when there is none.
  std::string field(std::string_view name) const;

  std::size_t count(std::string_view name) const;

  /// Whether a field that is a list of tokens has this one; case does not matter.
  bool has_token(std::string_view name, std::string_view token) const;
};

struct http_reply {
  unsigned status = 200;
  std::string content_type; ///< Empty: none is said.
  std::string body;
  std::vector<http_field> fields;  ///< Further ones.
  std::int64_t retry_after_ms = 0; ///< With 429 and 503; 0: a second.
  frame_ptr shared_body;           ///< Instead of `body`, for one that many are sent.

  const std::string& content() const { return shared_body ? *shared_body : body; }
  http_reply& with(std::string name, std::string value) {
    fields.push_back({std::move(name), std::move(value)});
    return *this;
  }
};

/// A refusal as a reply: `{"error":{"code":…,"reason":…,"message":…}}`.
/// @param retry_after_ms when to try again; 0: not said, or with 429 and 503 a second.
http_reply error_reply(unsigned status, std::string_view reason, std::string_view message,
                       std::int64_t retry_after_ms = 0);

/// `405`. @param allowed the methods that are, as `Allow` lists them.
http_reply bad_method_reply(const std::string& allowed);

http_reply not_found_reply(std::string_view path);

http_reply json_reply(std::string json, unsigned status = 200);

/// Media type of a field such as `Application/JSON; charset=utf-8`: lower case, without parameters.
std::string media_type(std::string_view value);

/// Undoes percent-encoding. @returns whether it was in order: two hexadecimal digits behind each `%`, and the
/// result UTF-8 without control characters.
bool percent_decode(std::string_view text, std::string& out);

/// The value of a name in a query, decoded; empty when it is not there or is not in order.
std::string query_value(std::string_view query, std::string_view name);

std::string to_lower(std::string_view text);
std::string_view trimmed(std::string_view text);

/// Calls `f` with each element of a comma-separated list, trimmed; empty ones are left out (RFC 9110, 5.6.1).
template <class F>
void for_each_element(std::string_view list, F&& f) {
  while (!list.empty()) {
    auto comma = list.find(',');
    if (auto x = trimmed(list.substr(0, comma)); !x.empty()) f(x);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
}

} // namespace weir
