#include "net/http/admin_routes.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/json_text.hpp"

#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace weir {

namespace {

using nlohmann::json;
using verb = admin_query::verb;
using asked = std::variant<admin_query, http_reply>;

constexpr std::uint32_t max_limit = 1000;
constexpr std::uint32_t usual_limit = 100;

/// Takes as long for a token that is nearly right as for one that is not.
bool bears(const std::string& authorization, const std::string& token) {
  auto wanted = "Bearer " + token;
  return authorization.size() == wanted.size()
         && CRYPTO_memcmp(authorization.data(), wanted.data(), wanted.size()) == 0;
}

std::optional<http_reply> check_caller(const http_request& x, const admin_tokens& tokens) {
  auto reads = x.method == "GET" || x.method == "HEAD";
  auto& token = reads || tokens.changing.empty() ? tokens.every : tokens.changing;
  if (!token.empty() && !bears(x.field("authorization"), token)) {
    auto no = error_reply(401, "unauthenticated", "a bearer token is needed");
    return no.with("www-authenticate", "Bearer");
  }
  if (x.method != "POST" || media_type(x.field("content-type")) == "application/json") return std::nullopt;
  return error_reply(415, "bad_content_type", "Content-Type: application/json is needed");
}

admin_query query_of(verb what, std::string ns = {}) {
  admin_query out;
  out.what = what;
  out.ns = std::move(ns);
  return out;
}

/// Takes `limit=N`.
asked list_query(verb what, const http_request& x) {
  auto out = query_of(what, x.params.at(0));
  out.limit = usual_limit;
  constexpr std::string_view name = "limit=";
  if (x.query.empty()) return out;
  auto text = std::string_view{x.query};
  if (text.substr(0, name.size()) != name)
    return error_reply(400, "bad_field", "the query can be limit=N only");
  text.remove_prefix(name.size());
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.limit);
  if (error != std::errc{} || end != text.data() + text.size() || out.limit < 1 || out.limit > max_limit)
    return error_reply(400, "bad_field",
                       "limit: must be a whole number from 1 to " + std::to_string(max_limit));
  return out;
}

/// Reads `name=N` parts that are joined by `&`; false: there is another one.
bool read_numbers(std::string_view query,
                  std::initializer_list<std::pair<std::string_view, std::uint64_t*>> to) {
  while (!query.empty()) {
    auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    auto name = part.substr(0, part.find('='));
    auto wanted = std::find_if(to.begin(), to.end(), [name](auto& x) { return x.first == name; });
    if (wanted == to.end() || name.size() == part.size()) return false;
    auto value = part.substr(name.size() + 1);
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), *wanted->second);
    if (error != std::errc{} || end != value.data() + value.size()) return false;
  }
  return true;
}

/// Takes `limit=N` and `after_seq=N`.
asked events_query(const http_request& x) {
  auto out = query_of(verb::events, x.params.at(0));
  std::uint64_t limit = usual_limit;
  if (!read_numbers(x.query, {{"limit", &limit}, {"after_seq", &out.after_seq}}))
    return error_reply(400, "bad_field", "the query can be limit=N and after_seq=N only");
  if (limit < 1 || limit > max_limit)
    return error_reply(400, "bad_field",
                       "limit: must be a whole number from 1 to " + std::to_string(max_limit));
  out.limit = static_cast<std::uint32_t>(limit);
  return out;
}

asked retry_query(const http_request& x) {
  auto body = parse_json(x.body);
  if (!body.is_object() || !body.contains("event_id") || !body["event_id"].is_string())
    return error_reply(400, "bad_field", "event_id: a JSON object with this string is needed");
  auto out = query_of(verb::retry, x.params.at(0));
  out.event_id = body["event_id"].get<std::string>();
  return out;
}

/// @param body nothing, or a JSON object that may name the node.
asked drain_query(const http_request& x) {
  auto out = query_of(verb::drain);
  if (x.body.empty()) return out;
  auto body = parse_json(x.body);
  if (!body.is_object()) return error_reply(400, "malformed", "the body must be a JSON object, or empty");
  if (!body.contains("node")) return out;
  if (!body["node"].is_string()) return error_reply(400, "bad_field", "node: must be a node's name");
  out.node = body["node"].get<std::string>();
  return out;
}

/// @param query may name the namespace; without one it is about all that are open.
asked agents_query(const http_request& x) {
  auto out = query_of(verb::agents);
  constexpr std::string_view name = "namespace=";
  if (x.query.empty()) return out;
  if (x.query.compare(0, name.size(), name) != 0)
    return error_reply(400, "bad_field", "the query can be namespace=N only");
  out.ns = x.query.substr(name.size());
  return out;
}

asked restart_query(const http_request& x) {
  auto body = parse_json(x.body);
  auto has_text = [&body](const char* field) { return body.contains(field) && body[field].is_string(); };
  if (!body.is_object() || !has_text("agent"))
    return error_reply(400, "bad_field", "agent: a JSON object with this string is needed");
  if (body.contains("namespace") && !has_text("namespace"))
    return error_reply(400, "bad_field", "namespace: must be a namespace's name");
  auto out = query_of(verb::restart, body.value("namespace", ""));
  out.agent = body["agent"].get<std::string>();
  return out;
}

using reader = std::function<asked(const http_request&)>;

http_handler asks(std::shared_ptr<const admin_port> port, reader read) {
  return [port = std::move(port), read = std::move(read)](std::shared_ptr<http_exchange> x) {
    auto what = read(x->request());
    if (auto* no = std::get_if<http_reply>(&what)) return x->reply(std::move(*no));
    auto& query = std::get<admin_query>(what);
    if (query.what == verb::drain && (query.node.empty() || query.node == port->node_name)) {
      port->drain();
      return x->reply(json_reply(print_json(json{{"node", port->node_name}, {"draining", true}}) + "\n"));
    }
    auto restarts = query.what == verb::restart;
    port->ask(std::move(query), [x = std::move(x), restarts](http_reply reply) {
      if (restarts && reply.body == "[]\n") // of all namespaces none runs it
        reply = error_reply(404, "unknown_target", "no agent of this name runs in a namespace that is open");
      x->reply(std::move(reply));
    });
  };
}

} // namespace

void add_admin_routes(route_table& to, admin_port port, std::function<admin_tokens()> tokens) {
  auto shared = std::make_shared<const admin_port>(std::move(port));
  auto guard = [tokens = std::move(tokens)](const http_request& x) { return check_caller(x, tokens()); };
  auto add = [&](const char* method, const char* path, reader read) {
    http_route made;
    made.method = method;
    made.pattern = path;
    made.handle = asks(shared, std::move(read));
    made.guard = guard;
    to.add(std::move(made));
  };
  add("GET", "/v1/admin/namespaces", [](auto&) { return query_of(verb::report); });
  add("GET", "/v1/admin/namespaces/{ns}", [](auto& x) { return query_of(verb::report, x.params.at(0)); });
  add("DELETE", "/v1/admin/namespaces/{ns}", [](auto& x) { return query_of(verb::remove, x.params.at(0)); });
  add("GET", "/v1/admin/namespaces/{ns}/events", events_query);
  add("GET", "/v1/admin/namespaces/{ns}/dead", [](auto& x) { return list_query(verb::dead_letters, x); });
  add("GET", "/v1/admin/namespaces/{ns}/runs", [](auto& x) { return list_query(verb::runs, x); });
  add("POST", "/v1/admin/namespaces/{ns}/dead/retry", retry_query);
  add("GET", "/v1/admin/agents", agents_query);
  add("POST", "/v1/admin/agents/restart", restart_query);
  add("GET", "/v1/admin/nodes", [](auto&) { return query_of(verb::nodes); });
  add("POST", "/v1/admin/drain", drain_query);
  http_route reload;
  reload.method = "POST";
  reload.pattern = "/v1/admin/reload";
  reload.guard = guard;
  reload.handle = [shared](std::shared_ptr<http_exchange> x) {
    if (!shared->reload) return x->reply(error_reply(503, "unavailable", "this node cannot reload"));
    shared->reload([x](http_reply reply) { x->reply(std::move(reply)); });
  };
  to.add(std::move(reload));
  http_route copy;
  copy.method = "POST";
  copy.pattern = "/v1/admin/backup";
  copy.handle = [shared](std::shared_ptr<http_exchange> x) {
    if (!shared->copy_store) return x->reply(error_reply(404, "not_found", "this node has no store"));
    shared->copy_store([x](http_reply reply) { x->reply(std::move(reply)); });
  };
  copy.guard = guard;
  to.add(std::move(copy));
}

http_reply admin_reply(const admin_answer& what) {
  if (!what.no.detail.empty()) spdlog::warn("admin.error: {}: {}", what.no.message, what.no.detail);
  if (what.no.refused())
    return error_reply(static_cast<unsigned>(what.no.status), what.no.reason, what.no.message,
                       what.no.retry_after_ms);
  return json_reply(what.json + "\n");
}

} // namespace weir
