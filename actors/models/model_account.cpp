#include "actors/models/model_account.hpp"

#include "actors/core/utf8.hpp"

#include <caf/actor_system.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/metric_registry.hpp>

namespace weir {

namespace {

std::uint64_t tokens_of(const std::string& text) { return (utf8::code_points(text) + 3) / 4; }

} // namespace

model_account::model_account(caf::actor_system& sys, std::string ns, std::string label,
                             std::uint64_t tokens_per_min)
  : sys_(sys), ns_(std::move(ns)), label_(std::move(label)), quota_(tokens_per_min) {}

refusal model_account::check(time_point now) const {
  auto retry_after_ms = quota_.retry_after_ms(now);
  if (retry_after_ms == 0) return {};
  return {code::too_many, "quota",     "namespace " + ns_ + " has used its tokens (model_tokens_per_min)",
          retry_after_ms, "namespace", quota_.used(now),
          quota_.limit()};
}

void model_account::on_used(const std::string& model, token_usage usage, std::chrono::nanoseconds worker_time,
                            time_point now) {
  quota_.charge(usage.input_tokens + usage.output_tokens, now);
  auto& metrics = sys_.metrics();
  metrics
      .counter_instance("weir", "usage-calls", {{"namespace", label_}, {"model", model}},
                        "Attempts that a worker began.", "1", true)
      ->inc();
  auto count = [&](caf::string_view direction, std::uint64_t tokens) {
    metrics
        .counter_instance("weir", "usage-tokens",
                          {{"namespace", label_}, {"model", model}, {"direction", direction}},
                          "Tokens, estimated where the server does not say.", "1", true)
        ->inc(static_cast<std::int64_t>(tokens));
  };
  count("input", usage.input_tokens);
  count("output", usage.output_tokens);
  metrics
      .counter_instance<double>("weir", "usage-worker", {{"namespace", label_}, {"model", model}},
                                "How long attempts held a worker.", "seconds", true)
      ->inc(std::chrono::duration<double>(worker_time).count());
}

void model_account::on_refused(const std::string& model, const std::string& reason) {
  sys_.metrics()
      .counter_instance("weir", "usage-refused",
                        {{"namespace", label_}, {"model", model}, {"reason", reason}},
                        "Attempts that were not made, by reason.", "1", true)
      ->inc();
}

token_usage estimate_usage(const std::vector<chat_message>& messages, const std::string& written) {
  token_usage out;
  if (written.empty()) return out;
  for (auto& x : messages) out.input_tokens += tokens_of(x.content);
  out.output_tokens = tokens_of(written);
  return out;
}

} // namespace weir
