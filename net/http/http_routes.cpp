#include "net/http/http_routes.hpp"

#include "actors/core/json_print.hpp"

#include <caf/actor_system.hpp>
#include <caf/telemetry/collector/prometheus.hpp>
#include <nlohmann/json.hpp>

namespace weir {

namespace {

std::string escape_html(std::string_view text) {
  std::string out;
  for (auto c : text) {
    switch (c) {
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '&':
      out += "&amp;";
      break;
    default:
      out += c;
    }
  }
  return out;
}

http_reply index_page(const node_status& node) {
  auto name = escape_html(node.name);
  return {
      200,
      "text/html; charset=utf-8",
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Weir: " + name
          + "</title><style>body{font:16px/1.5 system-ui;margin:3em auto;max-width:40em}</style><h1>Weir</h1>"
          + "<p>Node <b>" + name + "</b>, version " + escape_html(node.version) + ", is "
          + (node.ready ? "ready" : "not ready") + ".</p><p>Clients connect to <code>/v1/ws</code> with the "
          + "WebSocket subprotocol <code>weir.v1</code>.</p><ul><li><a href=\"/healthz\">/healthz</a></li>"
          + "<li><a href=\"/readyz\">/readyz</a></li><li><a "
            "href=\"/metrics\">/metrics</a></li></ul></html>\n",
      {}};
}

http_reply metrics_page(caf::actor_system& sys) {
  caf::telemetry::collector::prometheus collector;
  auto text = collector.collect_from(sys.metrics());
  return {200, "text/plain; version=0.0.4; charset=utf-8", std::string{text.begin(), text.end()}, {}};
}

bool is_namespace_call(std::string_view target) {
  constexpr std::string_view prefix = "/v1/namespaces/";
  if (target.substr(0, prefix.size()) != prefix) return false;
  auto rest = target.substr(prefix.size());
  auto slash = rest.find('/');
  if (slash == std::string_view::npos) return false;
  auto verb = rest.substr(slash + 1);
  return verb == "events" || verb == "calls";
}

} // namespace

http_reply error_reply(unsigned status, std::string_view reason, std::string_view message,
                       std::int64_t retry_after_ms) {
  nlohmann::json body = {{"error", {{"code", status}, {"reason", reason}, {"message", message}}}};
  if (retry_after_ms > 0) body["error"]["retry_after_ms"] = retry_after_ms;
  return {status, "application/json", print_json(body) + "\n", {}};
}

http_reply route(std::string_view method, std::string_view target, const node_status& node,
                 caf::actor_system& sys) {
  if (is_namespace_call(target)) return error_reply(501, "unavailable", "not in this version yet");
  auto known = target == "/" || target == "/healthz" || target == "/readyz" || target == "/metrics";
  if (!known) return error_reply(404, "not_found", "nothing is at " + std::string{target});
  if (method != "GET" && method != "HEAD") {
    auto out = error_reply(405, "bad_method", "only GET is allowed here");
    out.allow = "GET, HEAD";
    return out;
  }
  if (target == "/") return index_page(node);
  if (target == "/metrics") return metrics_page(sys);
  if (target == "/healthz" || node.ready) return {200, "text/plain; charset=utf-8", "ok\n", {}};
  return {503, "text/plain; charset=utf-8", node.draining ? "draining\n" : "not ready\n", {}};
}

} // namespace weir
