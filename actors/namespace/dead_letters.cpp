#include "actors/namespace/dead_letters.hpp"

#include "actors/core/json_print.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace weir {

using nlohmann::json;

std::string dead_letter_key(const dead_letter& x) {
  char seq[24];
  std::snprintf(seq, sizeof seq, "%020llu", static_cast<unsigned long long>(x.what->seq));
  return std::string{"dead/"} + seq + '/' + x.subscription; // in the order of the log
}

std::string encode_dead_letter(const dead_letter& x) {
  auto& e = *x.what;
  json out = {{"seq", e.seq},
              {"type", e.type},
              {"client_id", e.client_id},
              {"message_id", e.message_id},
              {"prev_event_id", e.prev_event_id},
              {"to", e.to},
              {"ts", e.ts_ms},
              {"data", e.data},
              {"causal_gap", e.causal_gap},
              {"hops", e.hops},
              {"subscription", x.subscription},
              {"attempts", x.attempts},
              {"error", x.error}};
  return print_json(out);
}

std::optional<dead_letter> decode_dead_letter(const std::string& text) {
  try {
    auto from = json::parse(text);
    event e;
    e.seq = from.at("seq").get<std::uint64_t>();
    e.type = from.at("type").get<std::string>();
    e.client_id = from.at("client_id").get<std::string>();
    e.message_id = from.at("message_id").get<std::string>();
    e.prev_event_id = from.at("prev_event_id").get<std::string>();
    e.to = from.at("to").get<std::string>();
    e.ts_ms = from.at("ts").get<std::int64_t>();
    e.data = from.at("data").get<std::string>();
    e.causal_gap = from.at("causal_gap").get<bool>();
    e.hops = from.value("hops", 0U); // absent: kept by an earlier version
    return dead_letter{std::make_shared<const event>(std::move(e)),
                       from.at("subscription").get<std::string>(), from.at("attempts").get<std::uint32_t>(),
                       from.at("error").get<std::string>()};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

} // namespace weir
