#include "net/openai/openai_backend.hpp"

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
    auto body = openai_request_body(server_->model, what.messages, what.tools);
    if (auto* no = std::get_if<refusal>(&body))
      return std::make_unique<refused_call>(self, std::move(events), std::move(*no));
    // A chat grows by every round of tool calls, so no two of its rounds make the same ids.
    auto call_ids = "call_" + std::to_string(what.messages.size()) + '_';
    return start_exchange(server_, std::get<std::string>(body), std::move(call_ids), std::move(events));
  }

private:
  std::shared_ptr<const openai_server> server_;
};

std::string key_of(const openai_config& cfg) {
  auto* key = cfg.api_key_env.empty() ? nullptr : std::getenv(cfg.api_key_env.c_str());
  return key == nullptr ? std::string{} : std::string{key};
}

} // namespace

refusal check_openai_config(const openai_config& cfg) {
  auto where = parse_openai_url(cfg.url);
  if (auto* no = std::get_if<refusal>(&where))
    return {code::bad_request, "bad_field", "url: " + no->message, 0, {}, 0, 0};
  if (!cfg.ca_file.empty() && !std::get<openai_endpoint>(where).tls)
    return refusal::bad_field("ca_file: only for an https url");
  if (auto wrong = check_ca_file(cfg.ca_file); !wrong.empty()) return refusal::bad_field("ca_file: " + wrong);
  if (cfg.model.empty()) return refusal::bad_field("model: must not be empty");
  if (cfg.api_key_env.empty()) return {};
  auto key = key_of(cfg);
  if (key.empty()) return refusal::bad_field("api_key_env: the variable " + cfg.api_key_env + " is not set");
  auto printable = [](char x) { return x > 0x20 && x < 0x7F; };
  if (!std::all_of(key.begin(), key.end(), printable))
    return refusal::bad_field("api_key_env: the key in " + cfg.api_key_env
                              + " has characters that no header takes");
  return {};
}

backend_factory make_openai_backend(io_thread& thread, const std::string& name, openai_config cfg) {
  auto where = parse_openai_url(cfg.url);
  auto endpoint = std::get<openai_endpoint>(std::move(where));
  auto tls = endpoint.tls ? std::make_shared<tls_client>(endpoint.host, cfg.ca_file) : nullptr;
  auto* count = thread.system().metrics().gauge_instance("weir", "model-idle-connections", {{"model", name}},
                                                         "Connections to model servers that are kept alive.");
  return [&thread, cfg, endpoint, tls, count, key = key_of(cfg)]() -> std::shared_ptr<backend> {
    auto& context = thread.context();
    auto idle = std::make_shared<idle_connections>(context, openai_idle_limit, count);
    return std::make_shared<openai_backend>(std::make_shared<const openai_server>(
        openai_server{context, endpoint, cfg.model, key, tls, std::move(idle)}));
  };
}

} // namespace weir
