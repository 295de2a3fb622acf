// libFuzzer target for the frame parser: whatever comes, it answers with a frame or a refusal, and what it
// took can be told to others as valid JSON.

#include "net/wire/decode.hpp"
#include "net/wire/encode.hpp"

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
  auto frame = parsed(encode(told));
  require(frame["data"] == json::parse(x.data), "an event carries what was published");
  json again{{"op", "publish"}, {"type", x.type}, {"message_id", x.message_id}, {"ephemeral", x.ephemeral}};
  again["data"] = frame["data"];
  if (!x.to.empty()) again["to"] = x.to;
  auto second = decode(again.dump());
  auto* same = std::get_if<client_frame>(&second);
  require(same != nullptr && std::get<publish>(*same).data == x.data, "what was read is read the same again");
}

void check(const hello& x) { require(json::parse(x.meta).is_object(), "meta is an object"); }
void check(const subscribe& x) {
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
void check(const ping& x) {
  require(x.id.empty() || parsed(encode_pong(x.id))["id"] == x.id, "the id comes back");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto result = decode({reinterpret_cast<const char*>(data), size});
  if (auto* no = std::get_if<rejected>(&result))
    check(*no);
  else
    std::visit([](auto& x) { check(x); }, std::get<client_frame>(result));
  return 0;
}
