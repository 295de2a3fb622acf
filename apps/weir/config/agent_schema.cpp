#include "actors/event/pattern.hpp"
#include "apps/weir/config/node_schema.hpp"
#include "apps/weir/config/request_schema.hpp"
#include "apps/weir/config/rules.hpp"
#include "apps/weir/config/schema_types.hpp"

namespace weir {

namespace {

/// A key that a prompt agent has.
template <class M>
schema::field<agent_config> of_prompt(const char* key, M prompt_config::*target, schema::type_ptr<M> kind,
                                      const char* meaning) {
  return schema::only_if<agent_config>(
      [](const agent_config& x) { return x.kind == "prompt"; }, "the kind prompt",
      schema::property<agent_config, M>(
          key, std::move(kind), meaning, [target](const agent_config& x) { return x.prompt.*target; },
          [target](agent_config& x, M value) { x.prompt.*target = std::move(value); }));
}

/// A key that an external agent has.
template <class M>
schema::field<agent_config> of_external(const char* key, M external_config::*target, schema::type_ptr<M> kind,
                                        const char* meaning) {
  return schema::only_if<agent_config>(
      [](const agent_config& x) { return x.is_external(); }, "the kind external",
      schema::property<agent_config, M>(
          key, std::move(kind), meaning, [target](const agent_config& x) { return x.external.*target; },
          [target](agent_config& x, M value) { x.external.*target = std::move(value); }));
}

std::string optional_template(std::string_view text) {
  return text.empty() ? "" : check_subject_template(text);
}

} // namespace

schema::type_ptr<agent_config> agent_schema() {
  using x = prompt_config;
  auto any_text = schema::text();
  return schema::object<agent_config>({
      schema::member("kind", &agent_config::kind,
                     schema::text("`prompt`, `external`, `echo`, a registered type"), "what the agent is"),
      of_prompt("model", &x::model, schema::text("a model's name"), "prompt: whom it asks"),
      of_prompt("on", &x::on, schema::texts("patterns", check_pattern), "prompt: the events that it answers"),
      of_prompt("emit", &x::emit, schema::text("a subject", optional_template),
                "prompt: the subject of its answers; `{1}` is what the pattern's first wildcard matched"),
      of_prompt("system", &x::system, any_text, "prompt: the system message"),
      of_prompt("memory_events", &x::memory_events, schema::integer<std::uint32_t>(0, 1000),
                "prompt: earlier events and answers that it is reminded of"),
      of_prompt("concurrency", &x::concurrency, schema::integer<std::uint32_t>(1, 10'000),
                "prompt: events in hand at once"),
      of_prompt("tools", &x::tools, tools_schema(),
                "prompt: the agents and workflows that its model may call; see below"),
      of_prompt("tool_rounds", &x::tool_rounds, schema::integer<std::uint32_t>(1, 32),
                "prompt: how often the model may call tools before it has to answer without"),
      of_prompt("request", &x::request, request_schema(), "prompt"),
      of_external("timeout_ms", &external_config::timeout_ms, schema::integer<std::int64_t>(1, 86'400'000),
                  "external: of a call without a time-out of its own"),
      of_external("lease_ms", &external_config::lease_ms, schema::integer<std::int64_t>(100, 86'400'000),
                  "external: a worker that sends no `delta` for so long has lost the call; another gets it"),
      schema::only_if<agent_config>(
          [](const agent_config& x) { return x.kind != "prompt" && x.kind != "echo" && !x.is_external(); },
          "a registered type",
          schema::member("settings", &agent_config::settings, schema::any_object(),
                         "registered type: what the agent is told")),
  });
}

} // namespace weir
