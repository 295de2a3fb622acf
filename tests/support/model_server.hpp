#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir::test {

/// What the test server does with one request. The defaults make a good answer of no pieces.
struct server_reply {
  enum class start {
    respond,
    hang,  ///< Reads the request and never says a thing.
    reset, ///< Resets the connection when the request has come.
  };
  enum class ending {
    whole, ///< The response ends as HTTP wants it.
    hang,  ///< No more bytes, the connection stays open.
    cut,   ///< The connection is closed in the middle of the response.
  };

  start begin = start::respond;
  unsigned status = 200;
  std::string content_type = "text/event-stream; charset=utf-8";
  std::string retry_after{};      ///< The header; empty: none.
  std::vector<std::string> raw{}; ///< The body, as it is written: a chunk each.
  std::int64_t pause_ms = 0;      ///< Before each of them.
  std::size_t split_bytes = 0;    ///< Written this many bytes at a time; 0: at once.
  ending end = ending::whole;

  /// A stream of chat completion chunks, with the usage and `[DONE]` at the end.
  static server_reply answer(const std::vector<std::string>& pieces, const std::string& newline = "\n");

  /// The beginning of one: these pieces, then `end`.
  static server_reply begin_with(const std::vector<std::string>& pieces, ending end);

  /// An HTTP error with a JSON body.
  static server_reply http_error(unsigned status, std::string retry_after = {});
};

/// One event of a stream with this text.
std::string chunk_event(const std::string& text, const std::string& newline = "\n");

/// A real HTTP server for tests, with threads of its own on a free port of the loopback. Does with each
/// request what the next reply says; the last one is for all that follow.
class model_server {
public:
  model_server();
  ~model_server();

  /// What to do from the next request on.
  void set(std::vector<server_reply> replies);

  /// From now on connecting is refused.
  void stop_listening();

  std::string url() const; ///< `http://127.0.0.1:<port>/v1`.

  int requests() const;
  int connections() const;      ///< Accepted in all.
  int open_connections() const; ///< Neither side has closed.

  /// Body and headers of the requests, as they came.
  std::vector<std::string> bodies() const;
  std::string last_header(const std::string& name) const;

  /// Waits until that many connections are open; false after two seconds.
  bool wait_for_open(int n) const;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace weir::test
