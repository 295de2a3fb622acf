// Records as text. Values are texts in it, so that they come back as they were, byte for byte.

#include "actors/core/json_text.hpp"
#include "actors/runs/workflow/workflow_machine.hpp"

namespace weir {

using nlohmann::json;

namespace {

struct encoder {
  json& out;

  void operator()(const workflow_machine::begun& x) const { out["begun"] = {{"input", x.input}}; }
  void operator()(const workflow_machine::time_passed&) const { out["time_passed"] = json::object(); }
  void operator()(const workflow_machine::cancelled& x) const { out["cancelled"] = {{"why", x.why}}; }

  void operator()(const workflow_machine::event_came& x) const {
    out["event"] = {{"seq", x.seq}, {"type", x.type}, {"client_id", x.client_id}, {"data", x.data}};
  }

  void operator()(const workflow_machine::call_ended& x) const {
    json ended = {{"step", x.step},
                  {"status", static_cast<int>(x.what.status)},
                  {"output", x.what.output},
                  {"usage", {x.what.usage.input_tokens, x.what.usage.output_tokens}}};
    if (auto& no = x.what.error; no.refused())
      ended["error"] = {{"code", static_cast<int>(no.status)},
                        {"reason", no.reason},
                        {"message", no.message},
                        {"retry_after_ms", no.retry_after_ms},
                        {"scope", no.scope},
                        {"depth", no.depth},
                        {"limit", no.limit}};
    out["ended"] = std::move(ended);
  }
};

std::string text(const json& from, const char* key) { return from.at(key).get<std::string>(); }

refusal error_in(const json& x) {
  refusal out;
  out.status = static_cast<code>(x.at("code").get<std::uint16_t>());
  out.reason = text(x, "reason");
  out.message = text(x, "message");
  out.retry_after_ms = x.at("retry_after_ms").get<std::int64_t>();
  out.scope = text(x, "scope");
  out.depth = x.at("depth").get<std::uint64_t>();
  out.limit = x.at("limit").get<std::uint64_t>();
  return out;
}

workflow_machine::call_ended ended_in(const json& x) {
  workflow_machine::call_ended out;
  out.step = x.at("step").get<std::uint64_t>();
  auto status = x.at("status").get<unsigned>();
  if (status > static_cast<unsigned>(run_status::failed)) throw std::runtime_error("no such status");
  out.what.status = static_cast<run_status>(status);
  out.what.output = text(x, "output");
  out.what.usage = {x.at("usage").at(0).get<std::uint64_t>(), x.at("usage").at(1).get<std::uint64_t>()};
  if (x.contains("error")) out.what.error = error_in(x.at("error"));
  return out;
}

decltype(workflow_machine::record::what) what_in(const json& x) {
  if (x.contains("begun")) return workflow_machine::begun{text(x.at("begun"), "input")};
  if (x.contains("ended")) return ended_in(x.at("ended"));
  if (x.contains("time_passed")) return workflow_machine::time_passed{};
  if (x.contains("cancelled")) return workflow_machine::cancelled{text(x.at("cancelled"), "why")};
  auto& event = x.at("event");
  return workflow_machine::event_came{event.at("seq").get<std::uint64_t>(), text(event, "type"),
                                      text(event, "client_id"), text(event, "data")};
}

} // namespace

std::string workflow_machine::encode(const record& what) {
  json out = {{"at_ms", what.at_ms}};
  std::visit(encoder{out}, what.what);
  return print_json(out);
}

std::variant<workflow_machine::record, refusal> workflow_machine::decode(const std::string& text) {
  try {
    auto x = json::parse(text);
    return record{x.at("at_ms").get<std::int64_t>(), what_in(x)};
  } catch (const std::exception& error) {
    return refusal::bad_field(std::string{"not a record of a run: "} + error.what());
  }
}

} // namespace weir
