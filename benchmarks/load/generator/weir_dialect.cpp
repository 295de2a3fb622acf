#include "benchmarks/load/generator/dialects.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <optional>

namespace weir::bench {

namespace {

using json = nlohmann::json;

constexpr std::string_view subscription_id = "s";

std::string json_text(std::string_view text) { return json(text).dump(); }

/// The number behind `field` in `text`, found without parsing what is around it.
std::uint64_t number_after(std::string_view text, std::string_view field) {
  std::uint64_t out = 0;
  auto at = text.find(field);
  if (at == std::string_view::npos) return 0;
  std::from_chars(text.data() + at + field.size(), text.data() + text.size(), out);
  return out;
}

/// Message ids are `<lane>.<number>`.
std::optional<event_name> read_name(std::string_view text) {
  event_name out;
  auto end = text.data() + text.size();
  auto lane = std::from_chars(text.data(), end, out.lane);
  if (lane.ec != std::errc{} || lane.ptr == end || *lane.ptr != '.') return std::nullopt;
  if (std::from_chars(lane.ptr + 1, end, out.number).ec != std::errc{}) return std::nullopt;
  return out;
}

std::optional<event_name> name_in(std::string_view text) {
  constexpr std::string_view field = R"("message_id":")";
  auto at = text.find(field);
  if (at == std::string_view::npos) return std::nullopt;
  return read_name(text.substr(at + field.size()));
}

class weir_dialect : public dialect {
public:
  explicit weir_dialect(const dialect_options& options)
    : after_type_(options.ephemeral ? R"(","ephemeral":true,"message_id":")" : R"(","message_id":")") {}

  traits can() const override { return {scope::ns, true, true, true}; }
  std::string path(const endpoint&) const override { return "/v1/ws"; }
  std::string_view subprotocol() const override { return "weir.v1"; }

  void on_open(const endpoint& of, std::string_view session, std::uint64_t last_seq,
               dialect_sink& to) const override {
    auto text =
        R"({"op":"hello","namespace":)" + json_text(of.ns) + R"(,"client_id":)" + json_text(of.client_id());
    if (!session.empty())
      text += R"(,"session":)" + json_text(session) + R"(,"last_seq":)" + std::to_string(last_seq);
    to.send(ws_op::text, text + '}');
  }

  void on_message(const endpoint& of, std::string_view text, std::string&, dialect_sink& to) const override {
    if (text.starts_with(R"({"op":"event")")) return on_event(text, to);
    if (text.starts_with(R"({"op":"ok")"))
      if (auto name = name_in(text)) return to.on_accepted(*name);
    on_other(of, json::parse(text), to);
  }

  void append_publish(std::string& out, const endpoint& to, const event_name& what,
                      std::string_view body) const override {
    text_ = R"({"op":"publish","type":"bench.)";
    text_.append(std::to_string(to.group)).append(".m").append(after_type_);
    text_.append(std::to_string(what.lane)).append(1, '.').append(std::to_string(what.number));
    text_.append(R"(","data":)").append(body).append(1, '}');
    append_frame(out, ws_op::text, text_);
  }

private:
  static void on_event(std::string_view text, dialect_sink& to) {
    constexpr std::string_view field = R"(,"data":)";
    auto at = text.find(field); // the data is the last field, and none before it holds quotes
    if (at == std::string_view::npos) return to.on_notice("event_without_data");
    auto body = text.substr(at + field.size());
    body.remove_suffix(1);
    to.on_delivery(body, number_after(text.substr(0, at), R"("seq":)"));
  }

  static void on_other(const endpoint& of, const json& frame, dialect_sink& to) {
    auto op = frame.value("op", "");
    if (op == "welcome") return on_welcome(of, frame, to);
    if (op == "ok" && frame.value("id", "") == subscription_id) {
      to.on_position(frame.value("seq", std::uint64_t{0}));
      return to.on_ready();
    }
    if (op == "drain") return to.on_drain(frame.value("delay_ms", std::int64_t{0}));
    if (op == "error") return on_error(frame, to);
    to.on_notice(op);
  }

  static void on_welcome(const endpoint& of, const json& frame, dialect_sink& to) {
    auto recovered = frame.value("recovered", false);
    to.on_session(frame.value("session", ""), recovered);
    if (!of.subscribes || recovered) return to.on_ready();
    to.send(ws_op::text, R"({"op":"subscribe","id":"s","pattern":")" + subject_of(of.group) + "\"}");
  }

  static void on_error(const json& frame, dialect_sink& to) {
    auto code = frame.value("code", 0);
    auto reason = frame.value("reason", "");
    if (auto name = read_name(frame.value("message_id", ""))) return to.on_refused(*name, code, reason);
    to.on_notice("error_" + std::to_string(code) + '_' + reason);
  }

  std::string after_type_;
  mutable std::string text_; // kept for its memory
};

} // namespace

std::unique_ptr<dialect> make_weir_dialect(const dialect_options& options) {
  return std::make_unique<weir_dialect>(options);
}

} // namespace weir::bench
