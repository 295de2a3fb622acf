// libFuzzer target for the frame parser: whatever comes, it answers with a frame or a refusal, and what it
// took can be told to others as valid JSON.

#include "actors/auth/jws.hpp"
#include "actors/core/json_members.hpp"
#include "net/wire/decode.hpp"
#include "net/wire/encode.hpp"
#include "net/wire/plain_publish.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>

using namespace weir;
using namespace weir::wire;
using nlohmann::json;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

json parsed(const std::string& text) {
  auto out = json::parse(text, nullptr, false);
  require(out.is_object(), "an encoded frame is a JSON object");
  return out;
}

void check(const rejected& x) {
  require(x.no.status == code::bad_request || x.no.status == code::forbidden, "a refusal is a 400 or a 403");
  require(!x.no.message.empty(), "a refusal says what is wrong");
  require(parsed(encode(x.no, x.what))["op"] == "error", "a refusal makes an error frame");
}

void check(const publish& x) {
  event told;
  told.seq = 1;
  told.type = x.type;
  told.client_id = "fuzz";
  told.message_id = x.message_id;
  told.data = x.data;
  auto text = encode(told);
  auto frame = parsed(text);
  require(json_member_text(text, "data") == x.data, "an event carries what was published, to the byte");
  json again{{"op", "publish"}, {"type", x.type}, {"message_id", x.message_id}, {"ephemeral", x.ephemeral}};
  if (!x.to.empty()) again["to"] = x.to;
  if (!x.prev_event_id.empty()) again["prev_event_id"] = x.prev_event_id;
  if (x.receipt != receipt_kind::none) again["receipt"] = to_string(x.receipt);
  auto head = again.dump();
  head.back() = ',';
  auto second = decode(head + "\"data\":" + x.data + "}");
  auto* same = std::get_if<client_frame>(&second);
  require(same != nullptr, "what was read can be read again");
  auto& y = std::get<publish>(*same);
  require(y.data == x.data && y.prev_event_id == x.prev_event_id && y.receipt == x.receipt,
          "what was read is read the same again");
}

void check(const hello& x) {
  require(json::parse(x.meta).is_object(), "meta is an object");
  require(x.session.size() <= max_session_bytes, "a session's token is within its bound");
  auto told = parsed(encode_presence("p", 1, false, {{x.client_id, 0, 1, x.meta}}));
  require(told["clients"][0]["meta"] == json::parse(x.meta), "a presence tells the meta");
}
void check(const subscribe& x) {
  require(x.from.value_or(1) >= 1, "a log begins with 1");
  require(parsed(encode_subscribed(x.id, 1))["id"] == x.id, "the id comes back");
}
void check(const unsubscribe& x) {
  require(parsed(encode_unsubscribed(x.id))["id"] == x.id, "the id comes back");
}
void check(const call& x) {
  require(!json::parse(x.input, nullptr, false).is_discarded(), "an input is JSON");
  require(x.timeout_ms >= 0 && x.timeout_ms <= max_timeout_ms, "a time-out is within its range");
}
void check(const cancel& x) {
  require(parsed(encode_run_ok(x.run_id, 0, false))["run_id"] == x.run_id, "the run_id comes back");
}
void check(const watch& x) {
  require(parsed(encode_run_ok(x.run_id, 0, false))["run_id"] == x.run_id, "the run_id comes back");
}
void check(const unwatch& x) {
  require(parsed(encode_run_ok(x.run_id, 0, false))["run_id"] == x.run_id, "the run_id comes back");
}
void check(const delta& x) {
  require(parsed(encode_run_ok(x.run_id, 0, false))["run_id"] == x.run_id, "the run_id comes back");
  require(json::parse(json(x.text).dump()) == x.text, "a piece of text is UTF-8");
}
void check(const result& x) {
  require(parsed(encode_run_ok(x.run_id, 0, false))["run_id"] == x.run_id, "the run_id comes back");
  require(!json::parse(x.output, nullptr, false).is_discarded(), "an output is JSON");
}
void check(const ping& x) {
  require(x.id.empty() || parsed(encode_pong(x.id))["id"] == x.id, "the id comes back");
}
void check(const authenticate& x) {
  require(x.token.size() <= auth::max_token_bytes, "a token is within its range");
  require(x.id.empty() || parsed(encode_authenticated(x.id, 0))["id"] == x.id, "the id comes back");
}

void check(const ack& x) { require((x.seq == 0) != x.event_id.empty(), "an ack is of a seq or of an event"); }
void check(const nack& x) {
  require(!x.event_id.empty() && x.delay_ms >= 0 && x.delay_ms <= max_delay_ms,
          "a delay is within its range");
}
void check(const history& x) {
  require(x.limit >= 1 && x.limit <= max_list, "a limit is within its range");
  require(parsed(encode_history(x.id, {}, false))["id"] == x.id, "the id comes back");
}
void check(const presence& x) {
  require(x.limit >= 1 && x.limit <= max_list, "a limit is within its range");
  require(parsed(encode_presence(x.id, 0, false, {}))["id"] == x.id, "the id comes back");
}

} // namespace

/// The quick way to read a publish says the same as the parser.
void check_plain(std::string_view text) {
  auto quick = read_plain_publish(text);
  if (!quick) return;
  auto slow = json::parse(text.begin(), text.end(), nullptr, false);
  require(slow.is_object(), "what is plain is JSON");
  require(json::parse(quick->data) == slow["data"] && text.find(quick->data) != text.npos
              && quick->type == slow["type"] && quick->message_id == slow["message_id"],
          "what is plain reads the same through the parser");
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text{reinterpret_cast<const char*>(data), size};
  check_plain(text);
  auto result = decode(text);
  if (auto* no = std::get_if<rejected>(&result))
    check(*no);
  else
    std::visit([](auto& x) { check(x); }, std::get<client_frame>(result));
  return 0;
}
