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
     "Zwölf Wehre 🌊 19/10"},
    {"OpenAI's, of two tool calls",
     R"(data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_A","type":"function","function":{"name":"depth","arguments":""}}],"refusal":null},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"at\":"}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Nürnberg\"}"}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_B","type":"function","function":{"name":"time","arguments":"{}"}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: [DONE]

)",
     " 0/0 call_A depth {\"at\":\"Nürnberg\"} call_B time {}"},
    {"vLLM's, with thoughts and running usage",
     R"(data: {"id":"cmpl-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":{"prompt_tokens":7,"total_tokens":7,"completion_tokens":0}}

data: {"id":"cmpl-1","choices":[{"index":0,"delta":{"reasoning_content":"Let me see."},"finish_reason":null}],"usage":{"prompt_tokens":7,"total_tokens":10,"completion_tokens":3}}

data: {"id":"cmpl-1","choices":[{"index":0,"delta":{"content":"Deep."},"finish_reason":"stop","stop_reason":null}],"usage":{"prompt_tokens":7,"total_tokens":12,"completion_tokens":5}}

data: [DONE]

)",
     "Deep. 7/5"},
    {"OpenRouter's, with comments that keep it alive",
     R"(: OPENROUTER PROCESSING

: OPENROUTER PROCESSING

data: {"id":"gen-1","provider":"X","choices":[{"index":0,"delta":{"role":"assistant","content":"De"},"finish_reason":null,"native_finish_reason":null}]}

: OPENROUTER PROCESSING

data: {"id":"gen-1","choices":[{"index":0,"delta":{"role":"assistant","content":"ep."},"finish_reason":"stop"}]}

data: {"id":"gen-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":{"prompt_tokens":3,"completion_tokens":2}}

data: [DONE]

)",
     "Deep. 3/2"},
    {"llama.cpp's, with timings and without the last empty line",
     R"(data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"object":"chat.completion.chunk"}

data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Deep"}}]}

data: {"choices":[{"finish_reason":"length","index":0,"delta":{}}],"usage":{"completion_tokens":1,"prompt_tokens":5,"total_tokens":6},"timings":{"prompt_ms":12.5}}

data: [DONE])",
     "Deep 5/1"},
    {"Ollama's, of tool calls that come whole",
     R"(data: {"id":"chatcmpl-3","choices":[{"index":0,"delta":{"role":"assistant","content":"","tool_calls":[{"id":"call_x","index":0,"type":"function","function":{"name":"depth","arguments":"{\"a\":1}"}}]},"finish_reason":null}]}

data: {"id":"chatcmpl-3","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"tool_calls"}]}

data: [DONE]

)",
     " 0/0 call_x depth {\"a\":1}"},
    {"a proxy's, with a BOM, event names, ids, no space and no [DONE]",
     "\xEF\xBB\xBF"
     R"(retry: 3000

event: message
id: 1
data:{"choices":[{"delta":{"content":"De"}}]}

data:{"choices":
data:[{"delta":{"content":"ep"},"finish_reason":"stop"}]}

)",
     "Deep 0/0"},
};

std::string told(openai_answer& x) {
  REQUIRE(x.over());
  if (x.failed()) return x.failed()->error.message;
  std::string out;
  for (auto& piece : x.take_pieces()) out += piece;
  out += ' ' + std::to_string(x.usage().input_tokens) + '/' + std::to_string(x.usage().output_tokens);
  for (auto& call : x.take_tool_calls()) out += ' ' + call.id + ' ' + call.name + ' ' + call.arguments;
  return out;
}

std::string read(const std::vector<std::string_view>& parts) {
  openai_answer x{""};
  x.on_header({200, "text/event-stream", ""});
  for (auto part : parts) x.on_body(part);
  x.on_end();
  return told(x);
}

std::string with_newline(const std::string& text, const std::string& newline) {
  std::string out;
  for (auto x : text) out += x == '\n' ? newline : std::string(1, x);
  return out;
}

} // namespace

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
      openai_answer x{""};
      x.on_header({200, "text/event-stream", ""});
      x.on_body(std::string_view{row.bytes}.substr(0, at));
      x.on_broken("lost", true);
      REQUIRE(x.failed());
      REQUIRE(x.failed()->retryable);
    }
  }
}
