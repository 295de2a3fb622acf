#include "actors/core/full_text.hpp"
#include "net/openai/openai_answer.hpp"

#include <catch2/catch_test_macros.hpp>

// Streams in the shapes in which real servers send them, cut at every place.

using namespace weir;

namespace {

struct recording {
  const char* whose;
  std::string bytes; // with LF
  const char* told;  // see `told`
};

const recording recordings[]{
    {"OpenAI's, with obfuscation, a refusal of null, and the usage in a chunk of its own",
     R"(data: {"id":"chatcmpl-B9","object":"chat.completion.chunk","created":1741569952,"model":"gpt-4.1","service_tier":"default","system_fingerprint":"fp_44","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"x3"}

data: {"id":"chatcmpl-B9","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Zwölf "},"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-B9","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Wehre \ud83c\udf0a"},"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-B9","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}

data: {"id":"chatcmpl-B9","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":0}}}

data: [DONE]

)",
     "Zwölf Wehre 🌊 19/10 stop"},
    {"OpenAI's, of two tool calls",
     R"(data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_A","type":"function","function":{"name":"depth","arguments":""}}],"refusal":null},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"at\":"}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Nürnberg\"}"}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_B","type":"function","function":{"name":"time","arguments":"{}"}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: [DONE]

)",
     " 0/0 tool_calls call_A depth {\"at\":\"Nürnberg\"} call_B time {}"},
    {"vLLM's, with thoughts and running usage",
     R"(data: {"id":"cmpl-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":{"prompt_tokens":7,"total_tokens":7,"completion_tokens":0}}

data: {"id":"cmpl-1","choices":[{"index":0,"delta":{"reasoning_content":"Let me see."},"finish_reason":null}],"usage":{"prompt_tokens":7,"total_tokens":10,"completion_tokens":3}}

data: {"id":"cmpl-1","choices":[{"index":0,"delta":{"content":"Deep."},"finish_reason":"stop","stop_reason":null}],"usage":{"prompt_tokens":7,"total_tokens":12,"completion_tokens":5}}

data: [DONE]

)",
     "Deep. 7/5 stop"},
    {"OpenRouter's, with comments that keep it alive",
     R"(: OPENROUTER PROCESSING

: OPENROUTER PROCESSING

data: {"id":"gen-1","provider":"X","choices":[{"index":0,"delta":{"role":"assistant","content":"De"},"finish_reason":null,"native_finish_reason":null}]}

: OPENROUTER PROCESSING

data: {"id":"gen-1","choices":[{"index":0,"delta":{"role":"assistant","content":"ep."},"finish_reason":"stop"}]}

data: {"id":"gen-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":{"prompt_tokens":3,"completion_tokens":2}}

data: [DONE]

)",
     "Deep. 3/2 stop"},
    {"llama.cpp's, with timings and without the last empty line",
     R"(data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"object":"chat.completion.chunk"}

data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Deep"}}]}

data: {"choices":[{"finish_reason":"length","index":0,"delta":{}}],"usage":{"completion_tokens":1,"prompt_tokens":5,"total_tokens":6},"timings":{"prompt_ms":12.5}}

data: [DONE])",
     "Deep 5/1 length"},
    {"Ollama's, of tool calls that come whole",
     R"(data: {"id":"chatcmpl-3","choices":[{"index":0,"delta":{"role":"assistant","content":"","tool_calls":[{"id":"call_x","index":0,"type":"function","function":{"name":"depth","arguments":"{\"a\":1}"}}]},"finish_reason":null}]}

data: {"id":"chatcmpl-3","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"tool_calls"}]}

data: [DONE]

)",
     " 0/0 tool_calls call_x depth {\"a\":1}"},
    {"a proxy's, with a BOM, event names, ids, no space and no [DONE]",
     "\xEF\xBB\xBF"
     R"(retry: 3000

event: message
id: 1
data:{"choices":[{"delta":{"content":"De"}}]}

data:{"choices":
data:[{"delta":{"content":"ep"},"finish_reason":"stop"}]}

)",
     "Deep 0/0 stop"},
};

std::string told(openai_answer& x) {
  REQUIRE(x.over());
  if (x.failed()) return (x.failed()->retryable ? "again: " : "failed: ") + full_text(x.failed()->error);
  std::string out;
  for (auto& piece : x.take_pieces()) out += piece;
  auto end = x.take_end();
  out += ' ' + std::to_string(end.usage.input_tokens) + '/' + std::to_string(end.usage.output_tokens) + ' '
         + to_string(end.finish);
  for (auto& call : end.tool_calls) out += ' ' + call.id + ' ' + call.name + ' ' + call.arguments;
  if (!end.refusal_text.empty()) out += " refusal: " + end.refusal_text;
  return out;
}

std::string read(const std::vector<std::string_view>& parts, const char* type = "text/event-stream") {
  openai_answer x{{}};
  x.on_header({200, type, ""});
  for (auto part : parts) x.on_body(part);
  x.on_end();
  return told(x);
}

std::string with_newline(const std::string& text, const std::string& newline) {
  std::string out;
  for (auto x : text) out += x == '\n' ? newline : std::string(1, x);
  return out;
}

// A piece of text; what stands beside the choices; what stands in the choice.
std::string piece(const std::string& text, const std::string& in_choice = R"(,"finish_reason":null)") {
  return R"(data: {"choices":[{"index":0,"delta":{"content":")" + text + "\"}" + in_choice + "}]}\n\n";
}

std::string sent(const std::string& json) { return "data: " + json + "\n\n"; }

const std::string stop = sent(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})");
const std::string done = "data: [DONE]\n\n";
const std::string stops = R"(,"finish_reason":"stop")";

struct shape {
  const char* whose;
  std::string bytes; // with LF
  const char* told;  // see `told`
};

// What servers and the gateways in front of them make of a stream, and what is meant by it.
const shape shapes[]{
    // -- members that are there and say nothing
    {"a proxy's, with an empty event between two pieces",
     piece("De") + "data:\n\n" + piece("ep") + stop + done, "Deep 0/0 stop"},
    {"Ollama's before 0.1.38 and SGLang's: an empty finish_reason in each piece",
     piece("De", R"(,"finish_reason":"")") + piece("ep", R"(,"finish_reason":"")") + stop + done,
     "Deep 0/0 stop"},
    {"the same, ended early", piece("De", R"(,"finish_reason":"")") + piece("ep", R"(,"finish_reason":"")"),
     "again: the model server ended the stream before the answer was whole"},
    {"DashScope's: the text null as finish_reason",
     piece("De", R"(,"finish_reason":"null")") + piece("ep", R"(,"finish_reason":"None")") + stop,
     "Deep 0/0 stop"},
    {"the same, ended early", piece("De", R"(,"finish_reason":"null")"),
     "again: the model server ended the stream before the answer was whole"},
    {"a gateway's, with an error of nothing in each piece",
     sent(R"({"error":null,"choices":[{"delta":{"content":"De"}}]})")
         + sent(R"({"error":"","choices":[{"delta":{"content":"e"}}]})")
         + sent(R"({"error":{},"choices":[{"delta":{"content":"p"},"error":{"code":null,"message":""}}]})")
         + sent(R"({"error":false,"choices":[{"delta":{},"finish_reason":"stop"}]})"),
     "Deep 0/0 stop"},
    {"a gateway's, with empty lists, texts and objects for what is not there",
     sent(
         R"({"choices":[{"delta":{"content":"De","tool_calls":[],"function_call":{},"refusal":""}}],"usage":{}})")
         + sent(
             R"({"choices":[{"delta":{"content":"ep","tool_calls":{},"refusal":null},"logprobs":{}}],"usage":""})")
         + sent(R"({"choices":[{"delta":{"content":false,"tool_calls":""},"finish_reason":"stop"}]})"),
     "Deep 0/0 stop"},
    {"a gateway's, whose last usage says nothing",
     piece("Deep")
         + sent(
             R"({"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":2}})")
         + sent(R"({"choices":[],"usage":{"prompt_tokens":null,"completion_tokens":null,"total_tokens":0}})")
         + done,
     "Deep 4/2 stop"},
    {"a gateway's, that counts in fractions and in texts",
     piece("Deep") + stop + sent(R"({"choices":[],"usage":{"prompt_tokens":4.0,"completion_tokens":"2"}})"),
     "Deep 4/2 stop"},
    {"Azure's, with filter results and no delta",
     sent(
         R"({"id":"","object":"","created":0,"model":"","prompt_filter_results":[{"prompt_index":0}],"choices":[],"usage":null})")
         + piece("De")
         + sent(
             R"({"id":"","choices":[{"index":0,"finish_reason":null,"content_filter_results":{},"content_filter_offsets":{"check_offset":4}}],"usage":null})")
         + piece("ep") + stop + done,
     "Deep 0/0 stop"},

    // -- where an answer ends
    {"Databricks': no finish_reason, only [DONE]", piece("Deep") + done, "Deep 0/0 stop"},
    {"a gateway's: [DONE] with blanks", piece("Deep") + "data:  [DONE] \t\n\n", "Deep 0/0 stop"},
    {"a gateway's: [DONE] in quotes", piece("Deep") + "data: \"[DONE]\"\n\n", "Deep 0/0 stop"},
    {"a gateway's: neither a finish_reason nor [DONE], but the usage at the end",
     piece("Deep") + sent(R"({"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5}})"),
     "Deep 10/5 stop"},
    {"a gateway to Gemini's: the finish_reason stop in each piece",
     piece("De", stops) + piece("e", stops) + piece("p", stops) + done, "Deep 0/0 stop"},
    {"TGI's words",
     piece("Deep") + sent(R"({"choices":[{"delta":{"content":""},"finish_reason":"eos_token"}]})"),
     "Deep 0/0 stop"},
    {"Gemini's words", piece("Deep") + sent(R"({"choices":[{"delta":{},"finish_reason":"MAX_TOKENS"}]})"),
     "Deep 0/0 length"},
    {"Mistral's words", piece("Deep") + sent(R"({"choices":[{"delta":{},"finish_reason":"model_length"}]})"),
     "Deep 0/0 length"},
    {"SGLang's, a finish_reason that is an object",
     piece("Deep") + sent(R"({"choices":[{"delta":{},"finish_reason":{"type":"length","length":7}}]})"),
     "Deep 0/0 length"},
    {"Azure's, cut by the filter",
     piece("Dee")
         + sent(
             R"({"choices":[{"index":0,"delta":{},"finish_reason":"content_filter","content_filter_results":{"hate":{"filtered":true}}}]})")
         + done,
     "Dee 0/0 content_filter"},
    {"Zhipu's word for filtered",
     sent(R"({"choices":[{"delta":{"content":""},"finish_reason":"sensitive"}]})") + done,
     " 0/0 content_filter"},
    {"OpenAI's, with a refusal",
     sent(
         R"({"choices":[{"index":0,"delta":{"role":"assistant","content":null,"refusal":"I can"},"finish_reason":null}]})")
         + sent(R"({"choices":[{"index":0,"delta":{"refusal":"not."},"finish_reason":null}]})") + stop + done,
     " 0/0 stop refusal: I cannot."},
    {"Gemini's, tool calls that end with stop",
     sent(
         R"({"choices":[{"delta":{"tool_calls":[{"id":"c","function":{"name":"depth","arguments":"{}"},"extra_content":{"google":{"thought_signature":"x"}}}]}}]})")
         + stop + done,
     " 0/0 tool_calls c depth {}"},
    {"a server's that says tool_calls and calls none",
     piece("Deep") + sent(R"({"choices":[{"delta":{},"finish_reason":"tool_calls"}]})"), "Deep 0/0 stop"},

    // -- text in other shapes
    {"Mistral's, a list of parts with thoughts",
     sent(
         R"({"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm."}]}]}}]})")
         + sent(
             R"({"choices":[{"delta":{"content":[{"type":"text","text":"De"},{"type":"text","text":"ep"}]}}]})")
         + stop,
     "Deep 0/0 stop"},
    {"a gateway's, one part, parts that are texts, and a picture",
     sent(R"({"choices":[{"delta":{"content":{"type":"output_text","text":"D"}}}]})")
         + sent(
             R"({"choices":[{"delta":{"content":["e",{"type":"image_url","image_url":{"url":"x"}},{"text":{"value":"ep"}}]}}]})")
         + stop,
     "Deep 0/0 stop"},
    {"an emoji in two pieces", piece("a\\ud83d") + piece("\\ude00b") + stop, "a😀b 0/0 stop"},
    {"halves of characters that find no other half",
     piece("\\ud83d") + piece("x\\ude00\\ud83d") + piece("\\ud83d\\ude00 \\\\ud83d") + piece("\\ud83d")
         + stop,
     "\uFFFDx\uFFFD\uFFFD😀 \\ud83d\uFFFD 0/0 stop"},
    {"bytes that are not UTF-8", piece("a\xC3(\xED\xA0\xBD") + stop, "a\uFFFD(\uFFFD\uFFFD\uFFFD 0/0 stop"},
    {"Perplexity's, with the whole text so far beside each piece",
     sent(R"({"choices":[{"delta":{"content":"De"},"message":{"content":"De"}}]})")
         + sent(
             R"({"choices":[{"delta":{"content":"ep"},"message":{"content":"Deep"},"finish_reason":"stop"}]})"),
     "Deep 0/0 stop"},
    {"a gateway's, that repeats the whole message at the end",
     piece("Deep")
         + sent(R"({"choices":[{"message":{"role":"assistant","content":"Deep"},"finish_reason":"stop"}]})"),
     "Deep 0/0 stop"},
    {"Groq's usage",
     piece("Deep")
         + sent(
             R"({"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"r","usage":{"prompt_tokens":23,"completion_tokens":19}}})"),
     "Deep 23/19 stop"},

    // -- what only keeps the connection open
    {"an empty object", piece("De") + sent("{}") + piece("ep") + stop, "Deep 0/0 stop"},
    {"a ping object", piece("De") + sent(R"({"type":"ping"})") + piece("ep") + stop, "Deep 0/0 stop"},
    {"an event that is a ping", piece("De") + "event: ping\ndata: 2026-01-01\n\n" + piece("ep") + stop,
     "Deep 0/0 stop"},
    {"null", piece("De") + sent("null") + piece("ep") + stop, "Deep 0/0 stop"},

    // -- errors
    {"OpenRouter's: finish_reason error alone",
     piece("De") + sent(R"({"choices":[{"delta":{"content":""},"finish_reason":"error"}]})") + done,
     "again: the model server reported an error: the answer ended with finish_reason error"},
    {"OpenRouter's: an error in the choice",
     piece("De")
         + sent(
             R"({"choices":[{"delta":{"content":""},"finish_reason":"error","error":{"code":502,"message":"gone"}}]})"),
     "again: the model server reported an error: gone"},
    {"DeepSeek's",
     piece("De") + sent(R"({"choices":[{"delta":{},"finish_reason":"insufficient_system_resource"}]})")
         + done,
     "again: the model server reported an error: the answer ended with finish_reason "
     "insufficient_system_resource"},
    {"vLLM's, aborted", piece("De") + sent(R"({"choices":[{"delta":{},"finish_reason":"abort"}]})") + done,
     "again: the model server reported an error: the answer ended with finish_reason abort"},
    {"LiteLLM's, the code as a text",
     sent(R"({"error":{"message":"too long","type":"None","param":"None","code":"400"}})") + done,
     "failed: the model server reported an error: too long"},
    {"SGLang's, in an error",
     sent(R"({"error":{"object":"error","message":"long","type":"BadRequestError","param":null,"code":400}})")
         + done,
     "failed: the model server reported an error: long"},
    {"Groq's",
     sent(
         R"({"error":{"message":"Failed to call a function","type":"invalid_request_error","code":"tool_use_failed","failed_generation":"x"}})"),
     "failed: the model server reported an error: Failed to call a function"},
    {"a busy one's, in mid-stream", piece("De") + sent(R"({"error":{"message":"slow down","code":429}})"),
     "again: the model server reported an error: slow down"},
    {"Gemini's, a list on several lines",
     piece("De") + "[{\n  \"error\": {\n    \"code\": 503,\n    \"message\": \"overloaded\"\n  }\n}]\n\n",
     "again: the model server reported an error: overloaded"},
    {"TGI's, by the name of the event", piece("De") + "event: error\ndata: upstream timed out\n\n",
     "again: the model server reported an error: upstream timed out"},
    {"a gateway's, by the name of the event",
     piece("De") + "event: error\ndata: {\"message\":\"m\",\"code\":403}\n\n",
     "failed: the model server reported an error: m"},
};

// Answers that are not streamed as the API wants it.
struct body {
  const char* whose;
  const char* type;
  std::string bytes;
  const char* told;
};

const body bodies[]{
    {"a type in capitals", "Text/Event-Stream; Charset=UTF-8", piece("Deep") + stop, "Deep 0/0 stop"},
    {"no type", "", piece("Deep") + stop, "Deep 0/0 stop"},
    {"another type", "application/octet-stream", "\n" + piece("Deep") + stop, "Deep 0/0 stop"},
    {"JSON by its type, a stream by its bytes", "application/json", piece("Deep") + stop, "Deep 0/0 stop"},
    {"a whole completion, from a server that does not stream", "application/json",
     "\n "
     "{\n\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
     "\"content\":"
     "\"De\u0065p\"},\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}",
     "Deep 3/2 length"},
    {"a whole completion of a tool call", "application/json",
     R"({"choices":[{"message":{"content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]})",
     " 0/0 tool_calls c f {}"},
    {"an error with the status 200", "application/json", R"({"error":{"message":"no credits","code":402}})",
     "failed: the model server reported an error: no credits"},
    {"some other object", "application/json", R"({"ok":true})",
     "failed: the model server answered with content type 'application/json', not text/event-stream"},
    {"a page", "text/html", "<html><body>Welcome</body></html>",
     "failed: the model server answered with content type 'text/html', not text/event-stream"},
    {"a page that says it is a stream", "text/event-stream", "<html><body>Welcome</body></html>",
     "again: the model server ended the stream before the answer was whole"},
    {"a text", "text/plain", "Welcome",
     "failed: the model server answered with content type 'text/plain', not text/event-stream"},
    {"nothing", "", "", "failed: the model server answered without a content type, and not with a stream"},
};

/// Whether it is told the same, wherever the bytes are cut once, and byte by byte.
bool same_wherever_cut(const std::string& bytes, const char* type, const std::string& expected) {
  std::string_view all = bytes;
  std::size_t step = all.size() > 2000 ? 997 : 1;
  for (std::size_t at = 0; at <= all.size(); at += step)
    if (read({all.substr(0, at), all.substr(at)}, type) != expected) return false;
  std::vector<std::string_view> single;
  for (std::size_t at = 0; at < all.size(); ++at) single.push_back(all.substr(at, 1));
  return read(single, type) == expected;
}

} // namespace

TEST_CASE("what servers and gateways make of a stream is read as it was meant, wherever it is cut") {
  for (auto& x : shapes) {
    for (std::string newline : {"\n", "\r\n", "\r"}) {
      INFO(x.whose);
      auto bytes = with_newline(x.bytes, newline);
      CHECK(read({bytes}) == x.told);
      CHECK(same_wherever_cut(bytes, "text/event-stream", x.told));
    }
  }
}

TEST_CASE("what nests too deep to be printed is malformed, whatever it claims to be") {
  auto deep = std::string(50'000, '[') + std::string(50'000, ']');
  for (auto& chunk :
       {R"({"error":)" + deep + "}", R"({"choices":[{"error":)" + deep + "}]}",
        R"({"choices":[{"delta":{"tool_calls":[{"function":{"arguments":{"x":)" + deep + "}}}]}}]}"}) {
    auto got = read({sent(chunk)});
    CHECK(got.find("failed: the model server sent a malformed chunk (not JSON, or nested too deep)") == 0);
    CHECK(got.size() < 400);
  }
}

TEST_CASE("a body is taken for what it is, not for what its type says") {
  for (auto& x : bodies) {
    INFO(x.whose);
    CHECK(read({x.bytes}, x.type) == x.told);
    CHECK(same_wherever_cut(x.bytes, x.type, x.told));
  }
}

TEST_CASE("a finish_reason in each piece is no end of an answer that is cut") {
  auto cut = [](const std::string& bytes) {
    openai_answer x{{}};
    x.on_header({200, "text/event-stream", ""});
    x.on_body(bytes);
    x.on_broken("lost", true);
    return told(x);
  };
  CHECK(cut(piece("De", stops) + piece("e", stops)) == "again: lost");
  CHECK(cut(piece("De") + piece("ep", stops)) == "Deep 0/0 stop");
  CHECK(cut(piece("De", R"(,"finish_reason":"")")) == "again: lost");
}

TEST_CASE("a silence ends the answer that had its finish_reason, and no other") {
  auto silent = [](const std::string& bytes) {
    openai_answer x{{}};
    x.on_header({200, "text/event-stream", ""});
    x.on_body(bytes);
    auto sign = x.sign();
    x.on_silence();
    return std::make_pair(sign, x.over());
  };
  using sign = openai_answer::end_sign;
  CHECK(silent(piece("Deep")) == std::make_pair(sign::none, false));
  CHECK(silent(piece("Deep", R"(,"finish_reason":"")")) == std::make_pair(sign::none, false));
  CHECK(silent(piece("Deep", stops)) == std::make_pair(sign::likely, true));
  CHECK(silent(piece("Deep") + stop) == std::make_pair(sign::sure, true));
  CHECK(silent(piece("De", stops) + piece("ep")) == std::make_pair(sign::none, false));
}

TEST_CASE("real streams are read the same wherever they are cut, with each of the line ends") {
  for (auto& row : recordings) {
    for (std::string newline : {"\n", "\r\n", "\r"}) {
      INFO(row.whose);
      auto bytes = with_newline(row.bytes, newline);
      std::string_view all = bytes;
      std::size_t wrong = 0;
      for (std::size_t at = 0; at <= all.size(); ++at)
        wrong += read({all.substr(0, at), all.substr(at)}) == row.told ? 0 : 1;
      CHECK(wrong == 0);
      std::vector<std::string_view> single;
      for (std::size_t at = 0; at < all.size(); ++at) single.push_back(all.substr(at, 1));
      CHECK(read(single) == row.told);
    }
  }
}

TEST_CASE("a real stream that ends early is never taken for a whole answer") {
  for (auto& row : recordings) {
    INFO(row.whose);
    auto finish = row.bytes.find("\"finish_reason\":\"");
    for (std::size_t at = 0; at < finish; ++at) {
      openai_answer x{{}};
      x.on_header({200, "text/event-stream", ""});
      x.on_body(std::string_view{row.bytes}.substr(0, at));
      x.on_broken("lost", true);
      REQUIRE(x.failed());
      REQUIRE(x.failed()->retryable);
    }
  }
}
