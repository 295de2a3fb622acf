#include "actors/namespace/session.hpp"

#include "actors/core/json_print.hpp"

#include <nlohmann/json.hpp>

namespace weir {

using nlohmann::json;

std::string encode_session(const session& x) {
  auto subscriptions = json::array();
  for (auto& [id, s] : x.subscriptions)
    subscriptions.push_back({{"id", id},
                             {"pattern", s.pattern},
                             {"queue", s.queue},
                             {"ack", s.ack},
                             {"since", s.since},
                             {"ack_timeout_ms", s.ack_timeout_ms}});
  json out = {{"client", x.client_id},
              {"epoch", x.epoch},
              {"acked", x.acked},
              {"meta", x.meta},
              {"subscriptions", std::move(subscriptions)}};
  return print_json(out);
}

std::optional<session> decode_session(const std::string& id, const std::string& text) {
  try {
    auto from = json::parse(text);
    session out;
    out.id = id;
    out.client_id = from.at("client").get<std::string>();
    out.epoch = from.at("epoch").get<std::string>();
    out.acked = from.at("acked").get<std::uint64_t>();
    out.meta = from.at("meta").get<std::string>();
    for (auto& s : from.at("subscriptions")) {
      subscription_spec spec;
      spec.id = s.at("id").get<std::string>();
      spec.pattern = s.at("pattern").get<std::string>();
      spec.queue = s.at("queue").get<std::string>();
      spec.ack = s.at("ack").get<bool>();
      spec.since = s.at("since").get<std::uint64_t>();
      spec.ack_timeout_ms = s.value("ack_timeout_ms", std::int64_t{0}); // absent: kept by an earlier version
      auto key = spec.id;
      out.subscriptions.emplace(std::move(key), std::move(spec));
    }
    return out;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

} // namespace weir
