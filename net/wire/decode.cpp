#include "net/wire/decode.hpp"

#include "actors/auth/jws.hpp"
#include "actors/core/client_id.hpp"
#include "actors/event/pattern.hpp"
#include "net/wire/field_reader.hpp"
#include "net/wire/plain_publish.hpp"

#include <nlohmann/json.hpp>

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

constexpr std::size_t max_epoch_bytes = 64;

client_frame read_hello(field_reader& in) {
  hello out;
  if (in.has("namespace")) out.ns = in.ns("namespace");
  out.client_id = in.optional_name("client_id");
  out.token = in.optional_text("token", auth::max_token_bytes);
  out.meta = in.optional_object("meta");
  if (out.meta.size() > max_meta_bytes)
    in.refuse({code::too_large,
               "too_large",
               "meta: more than " + std::to_string(max_meta_bytes) + " bytes",
               0,
               {},
               out.meta.size(),
               max_meta_bytes});
  out.session = in.optional_text("session", max_session_bytes);
  out.last_seq = in.optional_seq("last_seq", 0);
  out.epoch = in.optional_text("epoch", max_epoch_bytes);
  if (is_server_client(out.client_id))
    in.refuse(forbidden("client_id: `sys`, `sys.…`, `sys:…` and `agent:…` are the server's own"));
  return out;
}

receipt_kind read_receipt(field_reader& in) {
  auto place = in.choice("receipt", {"delivered", "acked"});
  if (!place) return receipt_kind::none;
  return *place == 0 ? receipt_kind::delivered : receipt_kind::acked;
}

client_frame read_publish(field_reader& in) {
  publish out;
  out.message_id = in.name("message_id");
  out.type = in.type("type");
  out.data = in.any("data");
  out.as = in.optional_name("as");
  out.to = in.optional_name("to");
  out.ephemeral = in.flag("ephemeral", false);
  out.prev_event_id = in.optional_event_id("prev_event_id");
  out.receipt = read_receipt(in);
  if (is_server_type(out.type)) in.refuse(forbidden("type: `sys` and what is below it are the server's own"));
  if (is_server_client(out.as))
    in.refuse(forbidden("as: `sys`, `sys.…`, `sys:…` and `agent:…` are the server's own"));
  return out;
}

client_frame read_subscribe(field_reader& in) {
  subscribe out;
  out.id = in.label("id");
  out.pattern = in.pattern("pattern");
  out.from = in.seq_or("from", "new");
  out.queue = in.optional_target("queue");
  out.ack = in.flag("ack", false);
  out.ack_timeout_ms = in.number("ack_timeout_ms", min_ack_timeout_ms, max_timeout_ms, 0);
  return out;
}

client_frame read_call(field_reader& in) {
  call out;
  out.message_id = in.name("message_id");
  out.target = in.target("target");
  out.input = in.any("input");
  out.timeout_ms = in.number("timeout_ms", 1, max_timeout_ms, 0);
  out.stream = in.flag("stream", false);
  out.prev_event_id = in.optional_event_id("prev_event_id");
  out.thread = in.optional_name("thread");
  auto busy =
      in.choice("on_busy", {"concurrent", "queue", "replace", "reject"}); // in the order of busy_policy
  out.on_busy = static_cast<busy_policy>(busy.value_or(0));
  out.cancel_on_disconnect = in.choice("on_disconnect", {"continue", "cancel"}).value_or(0) == 1;
  if (out.thread.empty() && out.on_busy != busy_policy::concurrent)
    in.refuse(refusal::bad_field("on_busy: needs a thread"));
  return out;
}

client_frame read_watch(field_reader& in) {
  watch out;
  out.run_id = in.event_id("run_id");
  out.at = in.optional_seq("at", 0).value_or(0);
  return out;
}

client_frame read_delta(field_reader& in) {
  delta out;
  out.run_id = in.event_id("run_id");
  out.at = in.optional_seq("at", 0);
  out.text = in.text("text", max_delta_bytes);
  return out;
}

/// Takes `{"message":…}`.
std::string read_message(const json& error, field_reader& in) {
  if (!error.is_object() || !error.contains("message") || !error["message"].is_string()) {
    in.refuse(refusal::bad_field("error: must be an object with a message"));
    return {};
  }
  auto out = error["message"].get<std::string>();
  if (out.size() > max_message_bytes)
    in.refuse(refusal::bad_field("error.message: must be at most " + std::to_string(max_message_bytes)
                                 + " bytes long"));
  return out;
}

/// A count in an object that may be left out.
std::uint64_t read_count(const json& usage, const char* field, field_reader& in) {
  if (!usage.contains(field)) return 0;
  auto& x = usage[field];
  if (x.is_number_unsigned() && x.get<std::uint64_t>() <= static_cast<std::uint64_t>(max_seq))
    return x.get<std::uint64_t>();
  in.refuse(refusal::bad_field(std::string{"usage."} + field + ": must be a whole number from 0"));
  return 0;
}

client_frame read_result(field_reader& in, const json& object) {
  result out;
  out.run_id = in.event_id("run_id");
  if (in.has("output") == in.has("error"))
    in.refuse(refusal::bad_field("output: there must be either it or error"));
  if (in.has("output")) out.output = in.any("output");
  if (in.has("error")) out.error = read_message(object["error"], in);
  if (in.has("usage") && !object["usage"].is_object())
    in.refuse(refusal::bad_field("usage: must be an object"));
  if (in.error().refused() || !in.has("usage")) return out;
  out.usage.input_tokens = read_count(object["usage"], "input_tokens", in);
  out.usage.output_tokens = read_count(object["usage"], "output_tokens", in);
  return out;
}

client_frame read_ping(field_reader& in) {
  ping out;
  if (in.has("id")) out.id = in.label("id");
  return out;
}

client_frame read_auth(field_reader& in) {
  authenticate out;
  if (in.has("id")) out.id = in.label("id");
  out.token = in.text("token", auth::max_token_bytes);
  return out;
}

client_frame read_ack(field_reader& in) {
  ack out;
  if (!in.has("seq") && !in.has("event_id"))
    in.refuse(refusal::bad_field("seq: is missing, and so is event_id"));
  if (in.has("seq") && in.has("event_id")) in.refuse(refusal::bad_field("event_id: must not come with seq"));
  out.seq = in.optional_seq("seq", 1).value_or(0);
  out.event_id = in.optional_event_id("event_id");
  return out;
}

client_frame read_nack(field_reader& in) {
  nack out;
  out.event_id = in.event_id("event_id");
  out.delay_ms = in.number("delay_ms", 0, max_delay_ms, out.delay_ms);
  return out;
}

std::uint32_t read_limit(field_reader& in, std::uint32_t otherwise) {
  return static_cast<std::uint32_t>(in.number("limit", 1, max_list, otherwise));
}

client_frame read_history(field_reader& in) {
  history out;
  out.id = in.label("id");
  if (in.has("pattern")) out.pattern = in.pattern("pattern");
  out.after_seq = in.optional_seq("after_seq", 0).value_or(0);
  out.limit = read_limit(in, out.limit);
  return out;
}

client_frame read_presence(field_reader& in) {
  presence out;
  out.id = in.label("id");
  out.limit = read_limit(in, out.limit);
  out.after = in.optional_name("after");
  return out;
}

client_frame read_op(const std::string& op, field_reader& in, const json& object) {
  if (op == "publish") return read_publish(in);
  if (op == "ping") return read_ping(in);
  if (op == "hello") return read_hello(in);
  if (op == "subscribe") return read_subscribe(in);
  if (op == "unsubscribe") return unsubscribe{in.label("id")};
  if (op == "call") return read_call(in);
  if (op == "cancel") return cancel{in.event_id("run_id")};
  if (op == "ack") return read_ack(in);
  if (op == "nack") return read_nack(in);
  if (op == "history") return read_history(in);
  if (op == "presence") return read_presence(in);
  if (op == "watch") return read_watch(in);
  if (op == "unwatch") return unwatch{in.event_id("run_id")};
  if (op == "delta") return read_delta(in);
  if (op == "auth") return read_auth(in);
  if (op == "result") return read_result(in, object);
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

std::variant<client_frame, rejected> decode_object(const json& object, std::string_view text) {
  if (!object.is_object()) return malformed("a frame is one JSON object");
  auto op = object.find("op");
  if (op == object.end()) return rejected{refusal::bad_field("op: is missing"), what_it_answers(object)};
  if (!op->is_string()) return rejected{refusal::bad_field("op: must be a string"), what_it_answers(object)};
  field_reader in{object, text};
  if (in.error().refused()) return rejected{in.error(), what_it_answers(object)};
  auto frame = read_op(op->get_ref<const std::string&>(), in, object);
  if (in.error().refused()) return rejected{in.error(), what_it_answers(object)};
  return frame;
}

} // namespace

std::variant<client_frame, rejected> decode(std::string_view text) {
  if (auto x = read_plain_publish(text)) return client_frame{std::move(*x)};
  if (depth_of(text) > max_depth) return malformed("nested deeper than " + std::to_string(max_depth));
  // JSON text has no byte order mark and no NUL (RFC 8259, 8.1 and 2). The parser skips the one, and takes
  // the other for the end of its input.
  if (text.substr(0, 3) == "\xef\xbb\xbf") return malformed("not JSON: wrong at byte 1");
  if (auto nul = text.find('\0'); nul != std::string_view::npos)
    return malformed("not JSON: wrong at byte " + std::to_string(nul + 1));
  try {
    return decode_object(json::parse(text.begin(), text.end()), text);
  } catch (const json::parse_error& error) {
    return malformed("not JSON: wrong at byte " + std::to_string(error.byte));
  } catch (const json::exception&) {
    return malformed("not JSON: a number is out of range");
  }
}

} // namespace weir::wire
