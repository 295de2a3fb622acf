#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::test {

/// What the test server does with one request. The defaults make a good answer of no pieces.
struct server_reply {
  enum class start {
    respond,
    hang,  ///< Reads the request and never says a thing.
    reset, ///< Resets the connection when the request has come.
    close, ///< Closes it.
  };
  enum class ending {
    whole,      ///< The response ends as HTTP wants it.
    hang,       ///< No more bytes, the connection stays open.
    cut,        ///< The connection is closed in the middle of the response.
    reset,      ///< It is reset.
    half_close, ///< The server says that it will write no more, and goes on to read.
    bad_chunk,  ///< The size of the next chunk is no number.
    trickle,    ///< A comment every 20 ms, for ever.
    close,      ///< Whole, and then the connection is closed, although it was to be kept alive.
  };

  start begin = start::respond;
  unsigned status = 200;
  std::string content_type = "text/event-stream; charset=utf-8"; ///< Empty: the header is left out.
  std::string retry_after{};                                     ///< The header; empty: none.
  std::vector<std::string> headers{};                            ///< More of them, `Name: value`.
  std::string raw_head{};         ///< Instead of all of the head; the body is not chunked then.
  bool http_1_0 = false;          ///< Without chunks: the connection's end is the body's.
  std::vector<std::string> raw{}; ///< The body, as it is written: a chunk each.
  std::int64_t pause_ms = 0;      ///< Before each of them.
  std::int64_t last_pause_ms = 0; ///< Before the ending.
  std::size_t split_bytes = 0;    ///< Written this many bytes at a time; 0: at once.
  ending end = ending::whole;

  bool chunked() const noexcept { return !http_1_0 && raw_head.empty(); }

  /// The response's head as it is written.
  std::string head() const;

  /// A stream of chat completion chunks, with the usage and `[DONE]` at the end.
  static server_reply answer(const std::vector<std::string>& pieces, const std::string& newline = "\n");

  /// The beginning of one: these pieces, then `end`.
  static server_reply begin_with(const std::vector<std::string>& pieces, ending end);

  /// An answer of tool calls: each text is the JSON list of one chunk's `tool_calls`.
  static server_reply tools(const std::vector<std::string>& chunks);

  /// Whatever is given, as the body of a stream.
  static server_reply stream(std::vector<std::string> raw, ending end = ending::whole);

  /// An HTTP error with a JSON body.
  static server_reply http_error(unsigned status, std::string retry_after = {});

  /// This, changed by `change`.
  template <class F>
  server_reply but(F change) const {
    auto x = *this;
    change(x);
    return x;
  }
};

/// One event of a stream with this text.
std::string chunk_event(const std::string& text, const std::string& newline = "\n");

} // namespace weir::test
