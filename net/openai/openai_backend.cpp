#include "net/openai/openai_backend.hpp"

#include "actors/core/secret_source.hpp"
#include "net/client/tls_client.hpp"
#include "net/io_thread.hpp"
#include "net/openai/idle_connections.hpp"
#include "net/openai/openai_exchange.hpp"
#include "net/openai/openai_request.hpp"

#include <caf/actor_system.hpp>
#include <caf/disposable.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace weir {

namespace {

/// A call that cannot be made. It says so a moment later, as every call does.
class refused_call : public backend_call {
public:
  refused_call(caf::scheduled_actor& self, backend_events events, refusal why) {
    timer_ =
        self.run_delayed(std::chrono::milliseconds{0}, [events = std::move(events), why = std::move(why)] {
          events.on_failed(why, false);
        });
  }
  ~refused_call() override { timer_.dispose(); }

private:
  caf::disposable timer_;
};

class openai_backend : public backend {
public:
  explicit openai_backend(std::shared_ptr<const openai_server> target) : server_(std::move(target)) {}

  std::unique_ptr<backend_call> start(const model_request& what, backend_events events,
                                      caf::scheduled_actor& self) override {
    auto body = openai_request_body(server_->model, what.messages, what.tools,
                                    options_over(what.options, server_->usual));
    if (auto* no = std::get_if<refusal>(&body))
      return std::make_unique<refused_call>(self, std::move(events), std::move(*no));
    // A chat grows by every round of tool calls, so no two of its rounds make the same ids.
    auto call_ids = "call_" + std::to_string(what.messages.size()) + '_';
    return start_exchange(server_, std::get<std::string>(body), std::move(call_ids), std::move(events));
  }

private:
  std::shared_ptr<const openai_server> server_;
};

std::string variable(const std::string& name) {
  auto* value = name.empty() ? nullptr : std::getenv(name.c_str());
  return value == nullptr ? std::string{} : std::string{value};
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// RFC 9110, 5.1.
bool is_header_name(const std::string& text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  auto ok = [others](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 || others.find(static_cast<char>(c)) != std::string_view::npos);
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), ok);
}

// RFC 9110, 5.5, without what is not ASCII.
bool is_header_value(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

// What the exchange itself decides about.
bool is_reserved(const std::string& name) {
  constexpr const char* names[] = {
      "host", "connection", "content-length", "content-type", "transfer-encoding",
      "te",   "trailer",    "upgrade",        "expect",       "accept-encoding"};
  auto same = [x = lower(name)](const char* y) { return x == y; };
  return std::any_of(std::begin(names), std::end(names), same);
}

refusal check_header(const std::string& path, const std::string& name, const std::string& value) {
  if (!is_header_name(name)) return refusal::bad_field(path + ": is not the name of a header");
  if (is_reserved(name)) return refusal::bad_field(path + ": is set by the node itself");
  if (!is_header_value(value)) return refusal::bad_field(path + ": has characters that no header takes");
  return {};
}

refusal check_headers(const openai_config& cfg) {
  for (auto& [name, value] : cfg.headers)
    if (auto no = check_header("headers." + name, name, value); no.refused()) return no;
  for (auto& [name, from] : cfg.headers_env) {
    auto path = "headers_env." + name;
    auto value = variable(from);
    if (value.empty()) return refusal::bad_field(path + ": the variable " + from + " is not set");
    if (auto no = check_header(path, name, value); no.refused()) return no;
    for (auto& [other, ignored] : cfg.headers)
      if (lower(other) == lower(name)) return refusal::bad_field(path + ": is in headers, too");
  }
  return {};
}

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view plain = "-._~"; // beside letters and digits (RFC 3986, 2.3)
  constexpr char digits[] = "0123456789ABCDEF";
  for (unsigned char c : text) {
    if (c < 0x80 && (std::isalnum(c) != 0 || plain.find(static_cast<char>(c)) != std::string_view::npos)) {
      out += static_cast<char>(c);
      continue;
    }
    out += '%';
    out += digits[c >> 4];
    out += digits[c & 0xF];
  }
}

// `?name=value&…`; empty for none.
std::string query_text(const std::map<std::string, std::string>& query) {
  std::string out;
  for (auto& [name, value] : query) {
    out += out.empty() ? '?' : '&';
    append_encoded(out, name);
    out += '=';
    append_encoded(out, value);
  }
  return out;
}

read_secret key_of(const openai_config& cfg) {
  return read(secret_source{cfg.api_key_env, cfg.api_key_file});
}

using header_list = std::vector<std::pair<std::string, std::string>>;

// Ours first, so that a configured one takes its place.
header_list headers_of(const openai_config& cfg) {
  header_list out;
  if (auto key = key_of(cfg).value.value_or(""); !key.empty())
    out.emplace_back("Authorization", "Bearer " + key);
  for (auto& x : cfg.headers) out.push_back(x);
  for (auto& [name, from] : cfg.headers_env) out.emplace_back(name, variable(from));
  return out;
}

std::vector<std::string> secrets_of(const openai_config& cfg) {
  std::vector<std::string> out;
  if (auto key = key_of(cfg).value.value_or(""); !key.empty()) out.push_back(std::move(key));
  for (auto& [name, from] : cfg.headers_env) out.push_back(variable(from));
  return out;
}

} // namespace

refusal check_openai_config(const openai_config& cfg) {
  auto where = parse_openai_url(cfg.url);
  if (auto* wrong = std::get_if<std::string>(&where)) return refusal::bad_field("url: " + *wrong);
  if (!cfg.ca_file.empty() && !std::get<openai_endpoint>(where).tls)
    return refusal::bad_field("ca_file: only for an https url");
  if (auto wrong = check_ca_file(cfg.ca_file); !wrong.empty()) return refusal::bad_field("ca_file: " + wrong);
  if (cfg.model.empty()) return refusal::bad_field("model: must not be empty");
  if (auto no = check_headers(cfg); no.refused()) return no;
  if (cfg.api_key_env.empty() && cfg.api_key_file.empty()) return {};
  auto from_file = !cfg.api_key_file.empty();
  std::string path = from_file ? "api_key_file: " : "api_key_env: ";
  auto key = key_of(cfg);
  if (!key.wrong.empty()) return refusal::bad_field(path + key.wrong);
  if (key.value.value_or("").empty())
    return refusal::bad_field(path + "the variable " + cfg.api_key_env + " is not set");
  auto printable = [](char x) { return x > 0x20 && x < 0x7F; };
  if (!std::all_of(key.value->begin(), key.value->end(), printable))
    return refusal::bad_field(path + "the key in " + (from_file ? cfg.api_key_file : cfg.api_key_env)
                              + " has characters that no header takes");
  return {};
}

backend_factory make_openai_backend(io_thread& thread, const std::string& name, openai_config cfg) {
  auto where = parse_openai_url(cfg.url);
  auto endpoint = std::get<openai_endpoint>(std::move(where));
  endpoint.target += query_text(cfg.query);
  auto tls = endpoint.tls ? std::make_shared<tls_client>(endpoint.host, cfg.ca_file) : nullptr;
  auto* count = thread.system().metrics().gauge_instance("weir", "model-idle-connections", {{"model", name}},
                                                         "Connections to model servers that are kept alive.");
  return [&thread, cfg, endpoint, tls, count, headers = headers_of(cfg),
          secrets = secrets_of(cfg)]() -> std::shared_ptr<backend> {
    auto& context = thread.context();
    auto idle = std::make_shared<idle_connections>(context, openai_idle_limit, count);
    return std::make_shared<openai_backend>(std::make_shared<const openai_server>(
        openai_server{context, endpoint, cfg.model, headers, secrets, cfg.request, tls, std::move(idle)}));
  };
}

} // namespace weir
