#include "tests/support/server_reply.hpp"

#include <nlohmann/json.hpp>

namespace weir::test {

namespace {

std::string event_of(const nlohmann::json& x, const std::string& newline) {
  return "data: " + x.dump() + newline + newline;
}

std::string finish_event(const char* reason, const std::string& newline) {
  return event_of(
      {{"choices", {{{"index", 0}, {"delta", nlohmann::json::object()}, {"finish_reason", reason}}}}},
      newline);
}

} // namespace

std::string chunk_event(const std::string& text, const std::string& newline) {
  return event_of({{"object", "chat.completion.chunk"},
                   {"choices", {{{"index", 0}, {"delta", {{"content", text}}}, {"finish_reason", nullptr}}}},
                   {"usage", nullptr}},
                  newline);
}

std::string server_reply::head() const {
  if (!raw_head.empty()) return raw_head;
  auto out = (http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ") + std::to_string(status) + " Whatever\r\n";
  if (!content_type.empty()) out += "Content-Type: " + content_type + "\r\n";
  if (!retry_after.empty()) out += "Retry-After: " + retry_after + "\r\n";
  for (auto& x : headers) out += x + "\r\n";
  return out + (http_1_0 ? "\r\n" : "Transfer-Encoding: chunked\r\n\r\n");
}

server_reply server_reply::answer(const std::vector<std::string>& pieces, const std::string& newline) {
  auto x = begin_with({}, ending::whole);
  for (auto& piece : pieces) x.raw.push_back(chunk_event(piece, newline));
  x.raw.push_back(finish_event("stop", newline));
  x.raw.push_back(event_of({{"choices", nlohmann::json::array()},
                            {"usage", {{"prompt_tokens", 11}, {"completion_tokens", pieces.size()}}}},
                           newline));
  x.raw.push_back("data: [DONE]" + newline + newline);
  return x;
}

server_reply server_reply::begin_with(const std::vector<std::string>& pieces, ending end) {
  server_reply x;
  for (auto& piece : pieces) x.raw.push_back(chunk_event(piece));
  x.end = end;
  return x;
}

server_reply server_reply::tools(const std::vector<std::string>& chunks) {
  server_reply x;
  for (auto& calls : chunks)
    x.raw.push_back(R"(data: {"choices":[{"index":0,"delta":{"content":null,"tool_calls":)" + calls
                    + "}}]}\n\n");
  x.raw.push_back(finish_event("tool_calls", "\n"));
  x.raw.push_back("data: [DONE]\n\n");
  return x;
}

server_reply server_reply::stream(std::vector<std::string> raw, ending end) {
  server_reply x;
  x.raw = std::move(raw);
  x.end = end;
  return x;
}

server_reply server_reply::http_error(unsigned status, std::string retry_after) {
  server_reply x;
  x.status = status;
  x.content_type = "application/json";
  x.retry_after = std::move(retry_after);
  x.raw = {R"({"error":{"message":"the server said )" + std::to_string(status) + R"("}})"};
  return x;
}

} // namespace weir::test
