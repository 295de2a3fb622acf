#include "tests/support/model_behaviours.hpp"

#include <ctime>

namespace weir::test {

namespace {

using start = server_reply::start;
using ending = server_reply::ending;
using rows = std::vector<model_behaviour>;

constexpr auto complete = run_status::complete;
constexpr auto partial = run_status::partial;
constexpr auto failed = run_status::failed;

const std::vector<std::string> two{"Two", " pieces"};

server_reply good() { return server_reply::answer({"Good", " answer"}); }
server_reply rest() { return server_reply::answer({" and", " the rest"}); }

// Two pieces, and then this.
server_reply then(std::string raw, ending end = ending::whole) {
  return server_reply::stream({chunk_event("Two"), chunk_event(" pieces"), std::move(raw)}, end);
}

server_reply begins(start how) {
  server_reply x;
  x.begin = how;
  return x;
}

server_reply head(std::string raw, ending end = ending::close) {
  server_reply x;
  x.raw_head = std::move(raw);
  x.end = end;
  return x;
}

std::string http_date(std::int64_t from_now_s) {
  auto when = std::time(nullptr) + from_now_s;
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&when));
  return text;
}

std::string error_event(const std::string& error) { return "data: {\"error\":" + error + "}\n\n"; }

void add_answers(rows& out) {
  auto odd = server_reply::answer({"Über", " 🌊"}, "\r\n");
  odd.raw.insert(odd.raw.begin(), ": OPENROUTER PROCESSING\r\n\r\n");
  odd.split_bytes = 1;
  auto slow = server_reply::answer({"a", "b", "c", "d"});
  slow.pause_ms = 20;
  auto thinks = good();
  thinks.raw.insert(
      thinks.raw.begin(),
      "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"reasoning_content\":\"Hm.\"}}]}\n\n");
  auto no_done = good();
  no_done.raw.pop_back();
  auto old = good();
  old.http_1_0 = true;
  out.push_back({"answers", {good()}, complete, 1, "Good answer"});
  out.push_back({"answers with CRLF, comments, byte by byte", {odd}, complete, 1, "Über 🌊"});
  out.push_back({"answers with CR alone",
                 {server_reply::answer({"Good", " answer"}, "\r")},
                 complete,
                 1,
                 "Good answer"});
  out.push_back({"answers slowly, in time", {slow}, complete, 1, "abcd"});
  out.push_back({"thinks aloud, then answers", {thinks}, complete, 1, "Good answer"});
  out.push_back({"answers without [DONE]", {no_done}, complete, 1, "Good answer"});
  out.push_back({"answers in HTTP/1.0", {old}, complete, 1, "Good answer"});
  out.push_back({"answers, then closes a connection that was kept",
                 {good().but([](auto& x) { x.end = ending::close; })},
                 complete,
                 1,
                 "Good answer"});
}

// One event with this as its first choice.
std::string choice(const std::string& json) { return "data: {\"choices\":[" + json + "]}\n\n"; }

std::string finish(const std::string& reason) {
  return choice("{\"delta\":{},\"finish_reason\":\"" + reason + "\"}");
}

server_reply unfinished(std::vector<std::string> raw, ending end) {
  return server_reply::stream(std::move(raw), end);
}

// What gateways make of a stream, and what is meant by it.
void add_odd_answers(rows& out) {
  auto good_one = [&out](const char* what, server_reply reply, std::string text = "Good answer") {
    out.push_back({what, {std::move(reply)}, complete, 1, std::move(text)});
  };
  auto of = [](std::vector<std::string> raw) { return server_reply::stream(std::move(raw)); };
  auto interim = head("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
                      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
  interim.raw = good().raw;
  good_one("interim responses (100, 103), then answers", interim);
  good_one("content type in capitals",
           good().but([](auto& x) { x.content_type = "Text/Event-Stream;charset=UTF-8"; }));
  good_one("a stream without content type", good().but([](auto& x) { x.content_type = ""; }));
  good_one("empty events and pings between the pieces",
           of({chunk_event("Good"), "data:\n\n", "data: {}\n\n", "data: {\"type\":\"ping\"}\n\n",
               chunk_event(" answer"), finish("stop")}));
  good_one("an empty finish_reason in each piece",
           of({choice(R"({"delta":{"content":"Good"},"finish_reason":""})"),
               choice(R"({"delta":{"content":" answer"},"finish_reason":""})"), finish("stop")}));
  out.push_back({"the same, cut, then goes on",
                 {unfinished({choice(R"({"delta":{"content":"Two"},"finish_reason":""})"),
                              choice(R"({"delta":{"content":" pieces"},"finish_reason":""})")},
                             ending::cut),
                  rest()},
                 complete,
                 2,
                 "Two pieces and the rest"});
  out.push_back({"finish_reason error, then goes on",
                 {then(finish("error")), rest()},
                 complete,
                 2,
                 "Two pieces and the rest"});
  out.push_back(
      {"finish_reason error with an error in the choice, then goes on",
       {then(choice(R"({"delta":{},"finish_reason":"error","error":{"code":502,"message":"gone"}})")),
        rest()},
       complete,
       2,
       "Two pieces and the rest"});
  good_one(
      "text as a list of parts, with thoughts",
      of({choice(
              R"({"delta":{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"Good"}]}})"),
          chunk_event(" answer"), finish("stop")}));
  good_one("a character in two halves",
           of({choice(R"({"delta":{"content":"Good \ud83d"}})"), choice(R"({"delta":{"content":"\ude00"}})"),
               finish("stop")}),
           "Good 😀");
  good_one("a piece that is not UTF-8",
           of({choice("{\"delta\":{\"content\":\"Good \xC3(\"}}"), finish("stop")}), "Good \uFFFD(");
  good_one("[DONE] with blanks, and no finish_reason",
           of({chunk_event("Good"), chunk_event(" answer"), "data:  [DONE] \n\n"}));
  good_one("answers without [DONE], and leaves the connection open",
           unfinished({chunk_event("Good"), chunk_event(" answer"), finish("stop")}, ending::hang));
  good_one("answers without [DONE], then comments for ever",
           unfinished({chunk_event("Good"), chunk_event(" answer"), finish("stop")}, ending::trickle));
  good_one(
      "an answer that is not streamed",
      of({R"({"choices":[{"message":{"content":"Good answer"},"finish_reason":"stop"}]})"}).but([](auto& x) {
        x.content_type = "application/json";
      }));
}

void add_ends(rows& out) {
  auto ends = [&out](const char* what, const char* reason, finish_reason how) {
    out.push_back({what, {then(finish(reason))}, complete, 1, "Two pieces", "", "", how});
  };
  ends("an answer that reaches its limit", "length", finish_reason::length);
  ends("an answer that a filter cuts", "content_filter", finish_reason::content_filter);
  out.push_back({"reaches its limit before it says anything",
                 {server_reply::stream({finish("length")})},
                 failed,
                 1,
                 "",
                 "said nothing: its answer ended with length",
                 "",
                 finish_reason::length});
  out.push_back({"a filter cuts all of it",
                 {server_reply::stream({finish("content_filter")})},
                 failed,
                 1,
                 "",
                 "said nothing: its answer ended with content_filter",
                 "",
                 finish_reason::content_filter});
  out.push_back({"refuses, in the model's words",
                 {server_reply::stream({choice(R"({"delta":{"refusal":"I cannot."}})"), finish("stop")})},
                 complete,
                 1,
                 ""});
}

void add_tool_calls(rows& out) {
  std::vector<std::string> many;
  for (int i = 0; i < 33; ++i)
    many.push_back(R"([{"index":)" + std::to_string(i) + R"(,"id":"c","function":{"name":"f"}}])");
  out.push_back({"asks for a tool, whole",
                 {server_reply::tools({R"([{"function":{"name":"depth","arguments":"{}"}}])"})},
                 complete,
                 1,
                 "",
                 "",
                 "depth {}"});
  out.push_back(
      {"asks for two tools, in pieces that alternate",
       {server_reply::tools({R"([{"index":0,"id":"a","function":{"name":"depth","arguments":"{\"at\""}}])",
                             R"([{"index":1,"id":"b","function":{"name":"time","arguments":"{"}}])",
                             R"([{"index":0,"function":{"arguments":":1}"}}])",
                             R"([{"index":1,"function":{"arguments":"}"}}])"})},
       complete,
       1,
       "",
       "",
       "depth {\"at\":1}, time {}"});
  out.push_back({"asks for a tool, its name in pieces",
                 {server_reply::tools({R"([{"index":0,"id":"a","function":{"name":"dep"}}])",
                                       R"([{"index":0,"function":{"name":"th"}}])",
                                       R"([{"index":0,"function":{"arguments":"{}"}}])"})},
                 complete,
                 1,
                 "",
                 "",
                 "depth {}"});
  out.push_back({"asks for a tool without a name",
                 {server_reply::tools({R"([{"index":0,"id":"a"}])"})},
                 failed,
                 1,
                 "",
                 "tool call 0 has no name"});
  out.push_back({"asks for a tool with arguments of the wrong type",
                 {server_reply::tools({R"([{"index":0,"function":{"name":"f","arguments":7}}])"})},
                 failed,
                 1,
                 "",
                 "arguments are not a string"});
  out.push_back({"asks for 33 tools", {server_reply::tools(many)}, failed, 1, "", "more than 32 tool calls"});
}

void add_silence(rows& out, const std::string& late) {
  out.push_back({"hangs before the header", {begins(start::hang)}, failed, 1, "", late});
  out.push_back(
      {"hangs after the header", {server_reply::begin_with({}, ending::hang)}, failed, 1, "", late});
  out.push_back({"hangs in the middle of the header",
                 {head("HTTP/1.1 200 OK\r\nContent-", ending::hang)},
                 failed,
                 1,
                 "",
                 late});
  out.push_back({"hangs after two pieces",
                 {server_reply::begin_with(two, ending::hang)},
                 partial,
                 1,
                 "Two pieces",
                 late});
  out.push_back({"sends two pieces, then comments for ever",
                 {then("", ending::trickle).but([](auto& x) { x.raw.pop_back(); })},
                 partial,
                 1,
                 "Two pieces",
                 late});
  out.push_back(
      {"sends nothing but comments", {server_reply::stream({}, ending::trickle)}, failed, 1, "", late});
}

void add_losses(rows& out) {
  out.push_back({"closes every connection", {begins(start::close)}, failed, 2, "", "was lost"});
  out.push_back({"resets every connection", {begins(start::reset)}, failed, 2, "", "was lost"});
  out.push_back({"resets after two pieces, then goes on",
                 {server_reply::begin_with(two, ending::reset), rest()},
                 complete,
                 2,
                 "Two pieces and the rest"});
  out.push_back({"closes every stream after two pieces",
                 {server_reply::begin_with(two, ending::cut)},
                 partial,
                 2,
                 "Two piecesTwo pieces",
                 "was lost"});
  out.push_back({"closes after two pieces, then goes on",
                 {server_reply::begin_with(two, ending::cut), rest()},
                 complete,
                 2,
                 "Two pieces and the rest"});
  out.push_back({"half-closes after two pieces, then goes on",
                 {server_reply::begin_with(two, ending::half_close), rest()},
                 complete,
                 2,
                 "Two pieces and the rest"});
  out.push_back({"ends the stream without a finish, then goes on",
                 {server_reply::begin_with(two, ending::whole), rest()},
                 complete,
                 2,
                 "Two pieces and the rest"});
}

void add_errors_in_mid_stream(rows& out, const std::string& key) {
  auto goes_on = [&out](const char* what, const std::string& raw) {
    out.push_back({what, {then(raw), rest()}, complete, 2, "Two pieces and the rest"});
  };
  goes_on("error object in mid-stream (OpenAI, Ollama), then goes on",
          error_event(R"({"message":"overloaded","type":"server_error","code":null})"));
  goes_on(
      "error object in mid-stream (vLLM), then goes on",
      "data: {\"object\":\"error\",\"message\":\"dead\",\"type\":\"InternalServerError\",\"code\":500}\n\n");
  goes_on("error line in mid-stream (llama.cpp), then goes on",
          "error: {\"code\":500,\"message\":\"slot\"}\n\n");
  goes_on("error without `data:` in mid-stream (Ollama), then goes on", "{\"error\":\"unexpected EOF\"}\n\n");
  out.push_back({"error in mid-stream that blames the request",
                 {then(error_event(R"({"message":"too long","type":"invalid_request_error"})"))},
                 partial,
                 1,
                 "Two pieces",
                 "reported an error: too long"});
  out.push_back({"error in mid-stream that repeats the key",
                 {then(error_event("{\"code\":401,\"message\":\"bad key " + key + "\"}"))},
                 partial,
                 1,
                 "Two pieces",
                 "bad key ***"});
}

void add_garbage(rows& out, const std::string& key) {
  out.push_back({"malformed first piece",
                 {server_reply::stream({"data: {\n\n"})},
                 failed,
                 1,
                 "",
                 "malformed chunk (not JSON, or nested too deep): {"});
  out.push_back({"malformed after two pieces",
                 {then("data: {\"choices\": [\n\n")},
                 partial,
                 1,
                 "Two pieces",
                 "malformed chunk"});
  out.push_back({"malformed piece that repeats the key",
                 {server_reply::stream({"data: {" + key + "\n\n"})},
                 failed,
                 1,
                 "",
                 "malformed chunk (not JSON, or nested too deep): {***"});
  auto deep = std::string(10'000, '[') + std::string(10'000, ']');
  out.push_back({"an error that nests too deep to be printed",
                 {then(error_event(deep))},
                 partial,
                 1,
                 "Two pieces",
                 "malformed chunk (not JSON, or nested too deep)"});
  out.push_back({"bytes that are no stream, then goes on",
                 {then(std::string("\x00\xFF\xFE\x01garbage", 11)), rest()},
                 complete,
                 2,
                 "Two pieces and the rest"});
  out.push_back({"line of more than 256 KiB",
                 {then("data: " + std::string(300 * 1024, 'x'))},
                 partial,
                 1,
                 "Two pieces",
                 "a line of more than 262144 bytes"});
  out.push_back({"answer of more than 1 MiB",
                 {server_reply::stream(std::vector<std::string>(12, chunk_event(std::string(100'000, 'x'))))},
                 partial,
                 1,
                 std::string(1'000'000, 'x'),
                 "longer than 1048576 bytes"});
  out.push_back({"chunk size that is no number",
                 {server_reply::begin_with(two, ending::bad_chunk)},
                 partial,
                 1,
                 "Two pieces",
                 "response is malformed: bad chunk"});
  out.push_back({"no HTTP", {head("SSH-2.0-OpenSSH_9.2\r\n\r\n")}, failed, 1, "", "response is malformed"});
  out.push_back({"header of more than 16 KiB",
                 {head("HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n")},
                 failed,
                 1,
                 "",
                 "header limit exceeded"});
}

void add_other_responses(rows& out, const std::string& key) {
  auto html = server_reply::stream({"<html><body>Welcome</body></html>"});
  html.content_type = "text/html";
  auto json = server_reply::stream({"{\"status\":\"ok\"}"});
  json.content_type = "application/json";
  auto packed = good();
  packed.headers = {"Content-Encoding: gzip"};
  auto bad_gateway = html;
  bad_gateway.status = 502;
  auto moved = server_reply::http_error(307);
  moved.headers = {"Location: http://elsewhere/?key=" + key};
  out.push_back({"a page of HTML", {html}, failed, 1, "", "content type 'text/html'"});
  out.push_back({"an object that is no answer", {json}, failed, 1, "", "content type 'application/json'"});
  out.push_back({"an encoding that nobody asked for", {packed}, failed, 1, "", "content encoding 'gzip'"});
  out.push_back({"redirect, to where the key would go",
                 {moved},
                 failed,
                 1,
                 "",
                 "answered 307, a redirect that is not followed: http://elsewhere/?key=***"});
  out.push_back(
      {"204", {head("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")}, failed, 1, "", "answered 204"});
  out.push_back({"502 with a page of HTML, then answers", {bad_gateway, good()}, complete, 2, "Good answer"});
}

void add_http_errors(rows& out, const std::string& key) {
  auto echo = server_reply::http_error(401);
  echo.raw = {"{\"error\":\"Incorrect API key provided: " + key + "\"}"};
  auto finer = server_reply::http_error(429, "30");
  finer.headers = {"Retry-After-Ms: 120"};
  out.push_back({"400", {server_reply::http_error(400)}, failed, 1, "", "answered 400: {\"error\""});
  out.push_back({"401 that repeats the key", {echo}, failed, 1, "", "Incorrect API key provided: ***"});
  out.push_back({"404", {server_reply::http_error(404)}, failed, 1, "", "answered 404"});
  out.push_back({"408, then answers", {server_reply::http_error(408), good()}, complete, 2, "Good answer"});
  out.push_back({"425, then answers", {server_reply::http_error(425), good()}, complete, 2, "Good answer"});
  out.push_back({"429 without Retry-After", {server_reply::http_error(429)}, failed, 1, "", "answered 429"});
  out.push_back({"429 with Retry-After: 1, beyond the time",
                 {server_reply::http_error(429, "1")},
                 failed,
                 1,
                 "",
                 "answered 429"});
  out.push_back({"429 with Retry-After as a date, beyond the time",
                 {server_reply::http_error(429, http_date(60))},
                 failed,
                 1,
                 "",
                 "answered 429"});
  out.push_back({"429 with Retry-After as a date that is over, then answers",
                 {server_reply::http_error(429, http_date(-1)), good()},
                 complete,
                 2,
                 "Good answer"});
  out.push_back({"429 with Retry-After: 0, then answers",
                 {server_reply::http_error(429, "0"), good()},
                 complete,
                 2,
                 "Good answer"});
  out.push_back({"429 with Retry-After-Ms: 120, then answers", {finer, good()}, complete, 2, "Good answer"});
  out.push_back({"500", {server_reply::http_error(500)}, failed, 2, "", "answered 500"});
  out.push_back({"500, then answers", {server_reply::http_error(500), good()}, complete, 2, "Good answer"});
  out.push_back({"503 with Retry-After: 1, beyond the time",
                 {server_reply::http_error(503, "1")},
                 failed,
                 1,
                 "",
                 "answered 503"});
}

} // namespace

std::vector<model_behaviour> model_behaviours(std::int64_t deadline_ms, const std::string& key) {
  rows out;
  add_answers(out);
  add_odd_answers(out);
  add_ends(out);
  add_tool_calls(out);
  add_silence(out, "within " + std::to_string(deadline_ms) + " ms");
  add_losses(out);
  add_errors_in_mid_stream(out, key);
  add_garbage(out, key);
  add_other_responses(out, key);
  add_http_errors(out, key);
  return out;
}

} // namespace weir::test
