#include "net/openai/sse_parser.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using weir::sse_parser;
using events = std::vector<std::string>;

namespace {

/// The data of each event, after its name where it has one.
events parse(std::string_view text, std::size_t split) {
  sse_parser parser;
  std::vector<weir::sse_event> got;
  for (std::size_t at = 0; at < text.size(); at += split)
    REQUIRE(parser.feed(text.substr(at, split), got) == sse_parser::status::ok);
  REQUIRE(parser.finish(got) == sse_parser::status::ok);
  events out;
  for (auto& x : got) out.push_back(x.name.empty() ? x.data : x.name + '|' + x.data);
  return out;
}

} // namespace

TEST_CASE("events are the same however the stream is cut and whichever line end it has") {
  std::string text =
      ": a comment\n\ndata: one\n\nevent: x\nid: 7\nretry: 5\ndata:two\ndata: three\n\ndata\n\n"
      "data:  indented\n\nunknown: field\n\ndata: [DONE]\n\n";
  events expected{"one", "x|two\nthree", "", " indented", "[DONE]"};
  for (std::string newline : {"\n", "\r\n", "\r"}) {
    std::string other;
    for (auto x : text) other += x == '\n' ? newline : std::string(1, x);
    for (std::size_t split = 1; split < 20; ++split) CHECK(parse(other, split) == expected);
  }
}

TEST_CASE("an event that lacks only its empty line counts at the end") {
  CHECK(parse("data: one\n\ndata: two", 3) == events{"one", "two"});
  CHECK(parse("data: one\n\ndata: two\n", 3) == events{"one", "two"});
  CHECK(parse("\xEF\xBB\xBF"
              "data: one\n\n",
              1)
        == events{"one"});
  CHECK(parse("", 1).empty());
}

TEST_CASE("lines and events have their bounds") {
  std::vector<weir::sse_event> got;
  sse_parser lines{{10, 100}};
  CHECK(lines.feed("data: 1234", got) == sse_parser::status::ok);
  CHECK(lines.feed("5", got) == sse_parser::status::line_too_long);
  sse_parser all{{10, 11}};
  CHECK(all.feed("data: 123\ndata: 456\n", got) == sse_parser::status::ok);
  CHECK(all.feed("data: 7890\n", got) == sse_parser::status::event_too_long);
}

TEST_CASE("errors that servers send in lines of their own are events too") {
  CHECK(parse("data: one\n\nerror: {\"code\":500}\n\n", 2) == events{"one", "error|{\"code\":500}"});
  CHECK(parse("data: one\n\n{\"error\":\"x\"}\n", 2) == events{"one", "{\"error\":\"x\"}"});
  CHECK(parse("data: one\n\n[{\n  \"error\": {\n    \"code\": 503\n  }\n}]\n\n", 3)
        == events{"one", "[{\n  \"error\": {\n    \"code\": 503\n  }\n}]"});
}

TEST_CASE("a bare object ends where the stream goes on, and begins where an event has not ended") {
  CHECK(parse("{\"error\":1}\ndata: two\n\n", 2) == events{"{\"error\":1}", "two"});
  CHECK(parse("data: one\n{\"error\":1}\n\n", 2) == events{"one", "{\"error\":1}"});
}

TEST_CASE("a name belongs to its own event only, and an event without data is none") {
  CHECK(parse("event: a\n\nevent: b\ndata: one\n\ndata: two\n\n", 1) == events{"b|one", "two"});
}
