// libFuzzer target for the answers of model servers: whatever comes, and however it is cut, the answer is
// whole or failed, within its bounds, the same for every way of cutting it, and says nothing of the key.
//
// The input: a line `status|content type|retry-after|retry-after-ms|date|seed|ending`, then the body.

#include "actors/core/full_text.hpp"
#include "net/openai/openai_answer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <sstream>

using namespace weir;

namespace {

const std::string key = "sk-fuzzed-key";

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

struct input {
  openai_answer::header header;
  std::uint32_t seed = 0;
  bool is_broken = false;
  std::string_view body;
};

input parse(std::string_view text) {
  auto end = text.find('\n');
  std::istringstream line{std::string{text.substr(0, end)}};
  std::string fields[7];
  for (auto& x : fields) std::getline(line, x, '|');
  auto number = [](const std::string& x) {
    return static_cast<std::uint32_t>(std::strtoul(x.c_str(), nullptr, 10));
  };
  input out{{number(fields[0]) % 1000, fields[1], fields[1], {fields[2], fields[3], fields[4]}},
            number(fields[5]),
            fields[6] == "broken",
            {}};
  if (end != std::string_view::npos) out.body = text.substr(end + 1);
  return out;
}

openai_answer::limits small_bounds() {
  openai_answer::limits out;
  out.text_bytes = 512; // so that the fuzzer meets them
  out.refusal_bytes = 256;
  out.object_bytes = 1024;
  out.sse = {1024, 2048};
  return out;
}

struct told {
  std::string text;
  std::string error;
  bool retryable = false;
  std::vector<tool_call> calls;
};

bool same(const told& a, const told& b) {
  auto equal = [](const tool_call& x, const tool_call& y) {
    return x.id == y.id && x.name == y.name && x.arguments == y.arguments;
  };
  return a.text == b.text && a.error == b.error && a.retryable == b.retryable
         && std::equal(a.calls.begin(), a.calls.end(), b.calls.begin(), b.calls.end(), equal);
}

template <class NextSize>
told read(const input& from, NextSize next_size) {
  openai_answer x{{key}, "made_", small_bounds()};
  told out;
  auto take = [&] {
    for (auto& piece : x.take_pieces()) out.text += piece;
  };
  x.on_header(from.header);
  for (auto rest = from.body; !rest.empty();) {
    auto n = std::min<std::size_t>(next_size(), rest.size());
    x.on_body(rest.substr(0, n));
    rest.remove_prefix(n);
    take();
  }
  if (from.is_broken)
    x.on_broken("lost", true);
  else
    x.on_end();
  take();
  require(x.over(), "what has ended is over");
  if (x.failed()) {
    out.error = full_text(x.failed()->error);
    out.retryable = x.failed()->retryable;
    auto& error = x.failed()->error;
    require(error.refused() && !error.message.empty(), "a failure says what was wrong");
    require(error.retry_after_ms >= 0 && error.retry_after_ms <= 3'600'000, "a pause is within its range");
    require(error.status != code::too_many || error.retry_after_ms > 0, "a 429 says when to come again");
  } else {
    auto end = x.take_end();
    require(end.finish != finish_reason::none, "a whole answer says how it ended");
    require(end.refusal_text.size() <= small_bounds().refusal_bytes + 3, "a refusal is within its bound");
    out.calls = std::move(end.tool_calls);
    out.text += '|' + end.refusal_text;
  }
  return out;
}

void check(const told& x) {
  require(x.text.size() <= 512 + 1 + 256 + 3, "the text is within its bound");
  require(x.error.size() <= 600, "a message is short");
  require(x.error.find(key) == std::string::npos, "the key is not told");
  for (auto c : x.error) require(c >= 0x20 && c <= 0x7E, "a message is one printable line");
  auto text = nlohmann::json(x.text).dump(-1, ' ', false, nlohmann::json::error_handler_t::strict); // throws
  require(!text.empty(), "the text is UTF-8");
  require(x.calls.size() <= openai_tool_calls::max_calls, "there are only so many tool calls");
  for (auto& call : x.calls) {
    require(!call.id.empty() && !call.name.empty() && !call.arguments.empty(), "a tool call is whole");
    require(call.arguments.size() <= openai_tool_calls::max_arguments_bytes,
            "arguments are within their bound");
    auto has_its_id = [&call](const tool_call& y) { return y.id == call.id; };
    require(std::count_if(x.calls.begin(), x.calls.end(), has_its_id) == 1, "each tool call has its own id");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto from = parse({reinterpret_cast<const char*>(data), size});
  std::minstd_rand random{from.seed};
  auto whole = read(from, [&] { return from.body.size(); });
  check(whole);
  require(same(whole, read(from, [] { return 1; })), "byte by byte it is the same");
  require(same(whole, read(from, [&] { return 1 + random() % 16; })), "cut anywhere it is the same");
  return 0;
}
