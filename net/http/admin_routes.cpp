#include "net/http/admin_routes.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/json_text.hpp"

#include <nlohmann/json.hpp>
#include <openssl/crypto.h>

#include <charconv>
#include <string_view>
#include <vector>

namespace weir {

namespace {

using nlohmann::json;

constexpr std::string_view root = "/v1/admin/namespaces";
constexpr const char* nodes_path = "/v1/admin/nodes";
constexpr const char* drain_path = "/v1/admin/drain";
constexpr std::uint32_t max_limit = 1000;
constexpr std::uint32_t usual_limit = 100;

/// Takes as long for a token that is nearly right as for one that is not.
bool bears(const std::string& authorization, const std::string& token) {
  auto wanted = "Bearer " + token;
  return authorization.size() == wanted.size()
         && CRYPTO_memcmp(authorization.data(), wanted.data(), wanted.size()) == 0;
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    auto slash = path.find('/');
    if (slash > 0) out.emplace_back(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  }
  return out;
}

http_reply not_found(const std::string& path) {
  return error_reply(404, "not_found", "nothing is at " + path);
}

http_reply bad_method(const char* allowed) {
  auto out = error_reply(405, "bad_method", std::string{"only "} + allowed + " is allowed here");
  out.allow = allowed;
  return out;
}

admin_routed list(const http_request& what, admin_query query, admin_query::verb verb) {
  query.what = verb;
  query.limit = usual_limit;
  constexpr std::string_view name = "limit=";
  if (what.query.empty()) return query;
  auto text = std::string_view{what.query};
  if (text.substr(0, name.size()) != name)
    return error_reply(400, "bad_field", "the query can be limit=N only");
  text.remove_prefix(name.size());
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), query.limit);
  if (error != std::errc{} || end != text.data() + text.size() || query.limit < 1 || query.limit > max_limit)
    return error_reply(400, "bad_field",
                       "limit: must be a whole number from 1 to " + std::to_string(max_limit));
  return query;
}

admin_routed retry_dead(const http_request& what, admin_query query) {
  auto body = parse_json(what.body);
  if (!body.is_object() || !body.contains("event_id") || !body["event_id"].is_string())
    return error_reply(400, "bad_field", "event_id: a JSON object with this string is needed");
  query.what = admin_query::verb::retry;
  query.event_id = body["event_id"].get<std::string>();
  return query;
}

/// @param body nothing, or a JSON object that may name the node.
admin_routed drain(const http_request& what) {
  if (what.method != "POST") return bad_method("POST");
  admin_drain out;
  if (what.body.empty()) return out;
  auto body = parse_json(what.body);
  if (!body.is_object()) return error_reply(400, "malformed", "the body must be a JSON object, or empty");
  if (!body.contains("node")) return out;
  if (!body["node"].is_string()) return error_reply(400, "bad_field", "node: must be a node's name");
  out.node = body["node"].get<std::string>();
  return out;
}

} // namespace

admin_routed admin_route(const http_request& what, const std::string& token) {
  if (!token.empty() && !bears(what.authorization, token))
    return error_reply(401, "unauthenticated", "a bearer token is needed");
  if (what.path == drain_path) return drain(what);
  if (what.path == nodes_path) {
    admin_query nodes;
    nodes.what = admin_query::verb::nodes;
    if (what.method != "GET") return bad_method("GET");
    return nodes;
  }
  if (what.path.substr(0, root.size()) != root) return not_found(what.path);
  auto rest = split(std::string_view{what.path}.substr(root.size()));
  admin_query query;
  if (!rest.empty()) query.ns = rest[0];
  if (rest.size() == 3 && rest[1] == "dead" && rest[2] == "retry") {
    if (what.method != "POST") return bad_method("POST");
    return retry_dead(what, std::move(query));
  }
  auto is_dead = rest.size() == 2 && rest[1] == "dead";
  auto is_runs = rest.size() == 2 && rest[1] == "runs";
  if (rest.size() > 1 && !is_dead && !is_runs) return not_found(what.path);
  if (what.method != "GET") return bad_method("GET");
  if (is_dead) return list(what, std::move(query), admin_query::verb::dead_letters);
  if (is_runs) return list(what, std::move(query), admin_query::verb::runs);
  return query;
}

http_reply drain_reply(const std::string& name) {
  return {200, "application/json", print_json(json{{"node", name}, {"draining", true}}) + "\n", {}};
}

http_reply admin_reply(const admin_answer& what) {
  if (what.no.refused())
    return error_reply(static_cast<unsigned>(what.no.status), what.no.reason, what.no.message);
  return {200, "application/json", what.json + "\n", {}};
}

} // namespace weir
