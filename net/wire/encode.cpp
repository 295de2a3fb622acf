#include "net/wire/encode.hpp"

#include "actors/core/json_print.hpp"
#include "net/wire/json_writer.hpp"

#include <algorithm>

namespace weir::wire {

namespace {

std::string joined_id(std::string_view client_id, std::string_view message_id) {
  std::string out{client_id};
  out += '/';
  out += message_id;
  return out;
}

std::string encode_parts(const std::vector<run_part>& parts) {
  std::string out = "[";
  for (auto& x : parts) {
    if (out.size() > 1) out += ',';
    out += json_writer{}.text("model", x.model).number("from", x.from).number("to", x.to).take();
  }
  return out + ']';
}

std::string encode_clients(const std::vector<present_client>& clients) {
  std::string out = "[";
  for (auto& x : clients) {
    if (out.size() > 1) out += ',';
    out += json_writer{}
               .text("client_id", x.client_id)
               .number("since", x.since_ms)
               .number("connections", x.connections)
               .raw("meta", x.meta.empty() ? "{}" : x.meta)
               .take();
  }
  return out + ']';
}

void write_refusal(json_writer& out, const refusal& x, std::string_view request_id) {
  out.number("code", static_cast<std::uint64_t>(x.status)).text("reason", x.reason);
  if (!x.message.empty()) out.text("message", x.message);
  if (x.retry_after_ms > 0) out.number("retry_after_ms", x.retry_after_ms);
  if (!request_id.empty()) out.text("request_id", request_id);
  if (x.status != code::too_many) return;
  out.text("scope", x.scope).number("depth", x.depth).number("limit", x.limit);
}

} // namespace

std::string encode(const welcome& x) {
  auto limits = json_writer{}
                    .number("max_frame_bytes", x.max_frame_bytes)
                    .number("publish_per_s", x.publish_per_s)
                    .number("burst", x.burst)
                    .take();
  json_writer out{"welcome"};
  out.text("namespace", x.ns).text("client_id", x.client_id);
  if (!x.session.empty()) out.text("session", x.session);
  out.number("session_ttl_ms", x.session_ttl_ms).flag("recovered", x.recovered);
  out.text("epoch", x.epoch).number("seq", x.seq).text("node", x.node);
  out.number("heartbeat_ms", x.heartbeat_ms).raw("limits", limits);
  return out.take();
}

std::string encode_published(std::string_view client_id, std::string_view message_id, std::uint64_t seq,
                             bool duplicate) {
  json_writer out{"ok"};
  out.text("message_id", message_id).text("event_id", joined_id(client_id, message_id));
  if (seq > 0) out.number("seq", seq);
  if (duplicate) out.flag("duplicate", true);
  return out.take();
}

std::string encode_subscribed(std::string_view id, std::uint64_t seq) {
  return json_writer{"ok"}.text("id", id).number("seq", seq).take();
}

std::string encode_unsubscribed(std::string_view id) { return json_writer{"ok"}.text("id", id).take(); }

std::string encode_run_ok(std::string_view run_id, std::uint64_t seq, bool duplicate) {
  json_writer out{"ok"};
  out.text("run_id", run_id);
  if (seq > 0) out.number("seq", seq);
  if (duplicate) out.flag("duplicate", true);
  return out.take();
}

std::string encode(const event& x, bool redelivered) {
  json_writer out{"event"};
  if (!x.ephemeral()) out.number("seq", x.seq);
  out.text("event_id", x.event_id()).text("type", x.type).text("client_id", x.client_id);
  out.text("message_id", x.message_id);
  if (!x.prev_event_id.empty()) out.text("prev_event_id", x.prev_event_id);
  out.number("ts", x.ts_ms);
  if (x.causal_gap) out.flag("causal_gap", true);
  if (redelivered) out.flag("redelivered", true);
  out.raw("data", x.data);
  return out.take();
}

std::string encode(const run_delta& x) {
  return json_writer{"delta"}.text("run_id", x.run_id).number("at", x.at).text("text", x.text).take();
}

std::string encode(const run_result& x, std::string_view request_id) {
  json_writer out{"result"};
  out.text("run_id", x.run_id).text("status", to_string(x.status)).raw("output", x.output);
  out.raw("usage", json_writer{}
                       .number("input_tokens", x.usage.input_tokens)
                       .number("output_tokens", x.usage.output_tokens)
                       .take());
  out.raw("parts", encode_parts(x.parts)).number("attempts", std::uint64_t{x.attempts});
  out.number("queued_ms", x.queued_ms);
  if (x.first_piece_ms >= 0) out.number("first_piece_ms", x.first_piece_ms);
  out.number("elapsed_ms", x.elapsed_ms);
  if (x.finish != finish_reason::none) out.text("finish", to_string(x.finish));
  if (!x.refusal_text.empty()) out.text("refusal", x.refusal_text);
  if (x.error.refused()) {
    json_writer error;
    write_refusal(error, x.error, request_id);
    out.raw("error", error.take());
  }
  return out.take();
}

std::string encode(const refusal& x, const answered& what, std::string_view request_id) {
  json_writer out{"error"};
  write_refusal(out, x, request_id);
  if (!what.message_id.empty()) out.text("message_id", what.message_id);
  if (!what.id.empty()) out.text("id", what.id);
  if (!what.run_id.empty()) out.text("run_id", what.run_id);
  return out.take();
}

std::string encode_authenticated(std::string_view id, std::int64_t expires_in_ms) {
  json_writer out{"ok"};
  if (!id.empty()) out.text("id", id);
  return out.number("expires_in_ms", expires_in_ms).take();
}

std::string encode_token_expiring(std::int64_t expires_in_ms) {
  return json_writer{"token_expiring"}.number("expires_in_ms", expires_in_ms).take();
}

std::string encode_pong(std::string_view id) {
  json_writer out{"pong"};
  if (!id.empty()) out.text("id", id);
  return out.take();
}

std::string encode_slow_down(double pressure, std::int64_t retry_after_ms) {
  return json_writer{"slow_down"}
      .number("pressure", std::clamp(pressure, 0.0, 1.0))
      .number("retry_after_ms", retry_after_ms)
      .take();
}

std::string encode_lagging(std::uint64_t seq) { return json_writer{"lagging"}.number("seq", seq).take(); }

std::string encode_caught_up(std::uint64_t seq) { return json_writer{"caught_up"}.number("seq", seq).take(); }

std::string encode_epoch_gap(std::uint64_t to, const std::string& epoch, const std::string& session) {
  json_writer out{"gap"};
  out.number("from", std::uint64_t{1}).number("to", to).text("reason", "epoch").text("epoch", epoch);
  if (!session.empty()) out.text("session", session);
  return out.take();
}

std::string encode_gap(std::uint64_t from, std::uint64_t to, std::string_view reason) {
  return json_writer{"gap"}.number("from", from).number("to", to).text("reason", reason).take();
}

std::string encode_drain(std::int64_t delay_ms, std::string_view reason) {
  return json_writer{"drain"}.number("delay_ms", delay_ms).text("reason", reason).take();
}

std::string encode_history(std::string_view id, const std::vector<event_ptr>& events, bool more) {
  std::string list = "[";
  for (auto& x : events) {
    if (list.size() > 1) list += ',';
    list += encode(*x);
  }
  list += ']';
  return json_writer{"history"}.text("id", id).raw("events", list).flag("more", more).take();
}

std::string encode_receipt(std::string_view event_id, receipt_kind kind, std::uint64_t count,
                           const std::vector<std::string>& by) {
  std::string names = "[";
  for (std::size_t i = 0; i < std::min(by.size(), max_receipt_names); ++i) {
    if (i > 0) names += ',';
    append_json_string(names, by[i]);
  }
  names += ']';
  json_writer out{"receipt"};
  out.text("event_id", event_id).text("kind", to_string(kind)).number("count", count).raw("by", names);
  return out.take();
}

std::string encode_presence(std::string_view id, std::uint64_t count, bool more,
                            const std::vector<present_client>& clients) {
  return json_writer{"presence"}
      .text("id", id)
      .number("count", count)
      .raw("clients", encode_clients(clients))
      .flag("more", more)
      .take();
}

frame_ptr make_frame(std::string_view text) {
  constexpr char fin_and_text = '\x81';
  std::string out;
  out.reserve(text.size() + 10);
  out += fin_and_text;
  auto size = static_cast<std::uint64_t>(text.size());
  auto append_length = [&](int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
  };
  if (size < 126) {
    out += static_cast<char>(size);
  } else if (size <= 0xffff) {
    out += static_cast<char>(126);
    append_length(2);
  } else {
    out += static_cast<char>(127);
    append_length(8);
  }
  out += text;
  return std::make_shared<const std::string>(std::move(out));
}

frame_ptr encode_event(const event& x) { return make_frame(encode(x)); }

frame_ptr encode_redelivered(const event& x) { return make_frame(encode(x, true)); }

} // namespace weir::wire
