#include "net/wire/decode.hpp"

#include "actors/namespace/pattern.hpp"
#include "net/wire/field_reader.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace weir::wire {

namespace {

using nlohmann::json;

rejected malformed(std::string message) {
  return {{code::bad_request, "malformed", std::move(message), 0, {}, 0, 0}, {}};
}

refusal forbidden(std::string message) {
  return {code::forbidden, "forbidden", std::move(message), 0, {}, 0, 0};
}

/// How deep brackets are nested outside strings. Looked at before parsing, since what handles the parsed tree
/// recurses into it.
std::size_t depth_of(std::string_view text) noexcept {
  std::size_t depth = 0, deepest = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

/// Whether the client_id is one that only the server speaks as.
bool is_server_client(std::string_view id) noexcept {
  return id == "sys" || id.rfind("sys.", 0) == 0 || id.rfind("sys:", 0) == 0 || id.rfind("agent:", 0) == 0;
}

client_frame read_hello(field_reader& in) {
  hello out;
  for (auto* field : {"session", "last_seq", "token"}) in.not_yet(field);
  out.ns = in.ns("namespace");
  out.client_id = in.name("client_id");
  out.meta = in.optional_object("meta");
  if (is_server_client(out.client_id))
    in.refuse(forbidden("client_id: `sys`, `sys.…`, `sys:…` and `agent:…` are the server's own"));
  return out;
}

client_frame read_publish(field_reader& in) {
  publish out;
  for (auto* field : {"prev_event_id", "receipt"}) in.not_yet(field);
  out.message_id = in.name("message_id");
  out.type = in.type("type");
  out.data = in.any("data");
  out.to = in.optional_name("to");
  out.ephemeral = in.flag("ephemeral", false);
  if (is_server_type(out.type)) in.refuse(forbidden("type: `sys` and what is below it are the server's own"));
  return out;
}

client_frame read_subscribe(field_reader& in, const json& object) {
  subscribe out;
  out.id = in.label("id");
  out.pattern = in.pattern("pattern");
  if (auto from = object.find("from"); from != object.end() && from->is_number_unsigned())
    in.not_yet("from");
  else
    in.only("from", "new", {});
  in.not_yet("queue");
  if (in.flag("ack", false)) in.not_yet("ack");
  return out;
}

client_frame read_call(field_reader& in) {
  call out;
  for (auto* field : {"prev_event_id", "thread"}) in.not_yet(field);
  in.only("on_busy", "concurrent", {"queue", "replace", "reject"});
  in.only("on_disconnect", "continue", {"cancel"});
  out.message_id = in.name("message_id");
  out.target = in.target("target");
  out.input = in.any("input");
  out.timeout_ms = in.number("timeout_ms", 1, max_timeout_ms, 0);
  out.stream = in.flag("stream", false);
  return out;
}

client_frame read_ping(field_reader& in) {
  ping out;
  if (in.has("id")) out.id = in.label("id");
  return out;
}

constexpr std::array later_ops{"ack", "nack", "watch", "unwatch", "history", "presence"};

client_frame read_op(const std::string& op, field_reader& in, const json& object) {
  if (op == "publish") return read_publish(in);
  if (op == "ping") return read_ping(in);
  if (op == "hello") return read_hello(in);
  if (op == "subscribe") return read_subscribe(in, object);
  if (op == "unsubscribe") return unsubscribe{in.label("id")};
  if (op == "call") return read_call(in);
  if (op == "cancel") return cancel{in.event_id("run_id")};
  for (auto* later : later_ops)
    if (op == later) in.refuse(refusal::bad_field(not_yet_message(op)));
  in.refuse({code::bad_request, "unknown_op", "op: unknown", 0, {}, 0, 0});
  return ping{};
}

/// What an error can say it answers: only names that are themselves in order.
answered what_it_answers(const json& object) {
  auto text = [&object](const char* field) -> std::string {
    auto i = object.find(field);
    return i != object.end() && i->is_string() ? i->get_ref<const std::string&>() : std::string{};
  };
  answered out;
  if (auto x = text("message_id"); is_name(x))
    out.message_id = std::move(x);
  else if (auto id = text("id"); !id.empty() && id.size() <= 64)
    out.id = std::move(id);
  else if (auto run = text("run_id"); is_event_id(run))
    out.run_id = std::move(run);
  return out;
}

std::variant<client_frame, rejected> decode_object(const json& object) {
  if (!object.is_object()) return malformed("a frame is one JSON object");
  auto op = object.find("op");
  if (op == object.end()) return rejected{refusal::bad_field("op: is missing"), what_it_answers(object)};
  if (!op->is_string()) return rejected{refusal::bad_field("op: must be a string"), what_it_answers(object)};
  field_reader in{object};
  auto frame = read_op(op->get_ref<const std::string&>(), in, object);
  if (in.error().refused()) return rejected{in.error(), what_it_answers(object)};
  return frame;
}

} // namespace

std::variant<client_frame, rejected> decode(std::string_view text) {
  if (depth_of(text) > max_depth) return malformed("nested deeper than " + std::to_string(max_depth));
  try {
    return decode_object(json::parse(text.begin(), text.end()));
  } catch (const json::parse_error& error) {
    return malformed("not JSON: wrong at byte " + std::to_string(error.byte));
  } catch (const json::exception&) {
    return malformed("not JSON: a number is out of range");
  }
}

} // namespace weir::wire
