#include "net/http/node_pages.hpp"

#include "net/io_thread.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace weir {

namespace {

/// Answers of `/metrics` that are being read. They are large, and each second has its own.
constexpr std::size_t max_metrics_answers = 4;

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

http_reply page(const char* content_type, std::string body, unsigned status = 200) {
  return {status, content_type, std::move(body), {}, 0, {}};
}

http_reply index_page(const node_status& node) {
  auto name = escape_html(node.name);
  return page(
      "text/html; charset=utf-8",
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Weir: " + name
          + "</title><style>body{font:16px/1.5 system-ui;margin:3em auto;max-width:40em}</style><h1>Weir</h1>"
          + "<p>Node <b>" + name + "</b>, version " + escape_html(node.version) + ", is "
          + (node.ready ? "ready" : "not ready") + ".</p><p>Clients connect to <code>/v1/ws</code> with the "
          + "WebSocket subprotocol <code>weir.v1</code>.</p><ul><li><a href=\"/healthz\">/healthz</a></li>"
          + "<li><a href=\"/readyz\">/readyz</a></li></ul></html>\n");
}

/// What the node waits for is in the lines that follow the first.
http_reply readiness_page(const node_status& node) {
  constexpr auto type = "text/plain; charset=utf-8";
  auto needs = node.waits->all();
  if (node.ready && needs.empty()) return page(type, "ok\n");
  std::string body = node.draining ? "draining\n" : "not ready\n";
  if (!node.ready && !node.draining) body += "waits for its start to be over\n";
  for (auto& x : needs) body += std::string{x} + '\n';
  return page(type, std::move(body), 503);
}

void add_probe(route_table& to, const char* path, std::function<http_reply()> answer) {
  http_route made;
  made.method = "GET";
  made.pattern = path;
  made.probe = true;
  made.handle = [answer = std::move(answer)](const std::shared_ptr<http_exchange>& x) { x->reply(answer()); };
  to.add(std::move(made));
}

} // namespace

void add_probes(route_table& to, const std::shared_ptr<const node_status>& node) {
  add_probe(to, "/healthz", [] { return page("text/plain; charset=utf-8", "ok\n"); });
  add_probe(to, "/readyz", [node] { return readiness_page(*node); });
}

void add_index(route_table& to, const std::shared_ptr<const node_status>& node) {
  to.get("/", [node](const http_request&) { return index_page(*node); });
}

void add_later(route_table& to) {
  for (auto* path : {"/v1/namespaces/{ns}/events", "/v1/namespaces/{ns}/calls"}) {
    http_route made;
    made.method = "POST";
    made.pattern = path;
    made.handle = [](const std::shared_ptr<http_exchange>& x) {
      x->reply(error_reply(501, "unavailable", "not in this version yet"));
    };
    to.add(std::move(made));
  }
}

void add_metrics(route_table& to, io_thread& thread, std::shared_ptr<metrics_exporter> exporter) {
  http_route made;
  made.method = "GET";
  made.pattern = "/metrics";
  made.max_in_hand = max_metrics_answers;
  made.handle = [&thread, exporter = std::move(exporter)](std::shared_ptr<http_exchange> x) {
    exporter->ask([&thread, x = std::move(x)](frame_ptr text) mutable {
      boost::asio::post(thread.context(), [x = std::move(x), text = std::move(text)] {
        if (!text) return x->reply(error_reply(503, "unavailable", "the metrics cannot be made now", 1000));
        auto out = page("text/plain; version=0.0.4; charset=utf-8", {});
        out.shared_body = text;
        x->reply(std::move(out));
      });
    });
  };
  to.add(std::move(made));
}

} // namespace weir
