#include "actors/runs/kept_result.hpp"

#include "actors/core/json_print.hpp"

#include <nlohmann/json.hpp>

namespace weir {

namespace {

using nlohmann::json;

json encode_error(const refusal& x) {
  return {{"status", static_cast<int>(x.status)},
          {"reason", x.reason},
          {"message", x.message},
          {"retry_after_ms", x.retry_after_ms},
          {"scope", x.scope},
          {"depth", x.depth},
          {"limit", x.limit},
          {"detail", x.detail}};
}

refusal decode_error(const json& x) {
  return {static_cast<code>(x.at("status").get<int>()),
          x.at("reason").get<std::string>(),
          x.at("message").get<std::string>(),
          x.at("retry_after_ms").get<std::int64_t>(),
          x.at("scope").get<std::string>(),
          x.at("depth").get<std::uint64_t>(),
          x.at("limit").get<std::uint64_t>(),
          x.value("detail", "")};
}

run_result decode(const json& x) {
  run_result out;
  out.status = static_cast<run_status>(x.at("status").get<unsigned>());
  out.output = x.at("output").get<std::string>();
  out.usage = {x.at("input_tokens").get<std::uint64_t>(), x.at("output_tokens").get<std::uint64_t>()};
  for (auto& part : x.at("parts"))
    out.parts.push_back(
        {part.at(0).get<std::string>(), part.at(1).get<std::uint64_t>(), part.at(2).get<std::uint64_t>()});
  out.attempts = x.at("attempts").get<std::uint32_t>();
  out.queued_ms = x.at("queued_ms").get<std::int64_t>();
  out.first_piece_ms = x.at("first_piece_ms").get<std::int64_t>();
  out.elapsed_ms = x.at("elapsed_ms").get<std::int64_t>();
  if (x.contains("error")) out.error = decode_error(x["error"]);
  out.streamed = x.at("streamed").get<bool>();
  out.text = x.at("text").get<std::string>();
  out.finish = static_cast<finish_reason>(x.value("finish", 0U)); // results of earlier versions have none
  out.refusal_text = x.value("refusal", "");
  return out;
}

} // namespace

std::string result_key(const std::string& run_id) { return "result/" + run_id; }

std::string encode_result(const run_result& x) {
  auto parts = json::array();
  for (auto& part : x.parts) parts.push_back({part.model, part.from, part.to});
  json out = {{"status", static_cast<unsigned>(x.status)},
              {"output", x.output},
              {"input_tokens", x.usage.input_tokens},
              {"output_tokens", x.usage.output_tokens},
              {"parts", std::move(parts)},
              {"attempts", x.attempts},
              {"queued_ms", x.queued_ms},
              {"first_piece_ms", x.first_piece_ms},
              {"elapsed_ms", x.elapsed_ms},
              {"streamed", x.streamed},
              {"text", x.text}};
  if (x.error.refused()) out["error"] = encode_error(x.error);
  if (x.finish != finish_reason::none) out["finish"] = static_cast<unsigned>(x.finish);
  if (!x.refusal_text.empty()) out["refusal"] = x.refusal_text;
  return print_json(out);
}

std::optional<run_result> decode_result(const std::string& run_id, const std::string& text) {
  try {
    auto out = decode(json::parse(text));
    if (out.status > run_status::failed || out.finish > finish_reason::tool_calls) return std::nullopt;
    out.run_id = run_id;
    return out;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::optional<std::string> text_of_output(const std::string& output) {
  auto x = json::parse(output, nullptr, false);
  if (!x.is_object() || !x.contains("text") || !x["text"].is_string()) return std::nullopt;
  return x["text"].get<std::string>();
}

std::string streamed_text(const run_result& x) {
  if (!x.streamed) return {};
  return x.text.empty() ? text_of_output(x.output).value_or("") : x.text;
}

void set_streamed(run_result& x, const std::string& text) {
  x.streamed = !text.empty();
  if (x.streamed && text_of_output(x.output) != text) x.text = text;
}

} // namespace weir
