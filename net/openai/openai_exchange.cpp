#include "net/openai/openai_exchange.hpp"

#include "net/openai/idle_connections.hpp"
#include "net/openai/openai_answer.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <array>
#include <optional>

namespace weir {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t max_header_bytes = 16 * 1024;
constexpr std::size_t max_body_bytes = 8 * 1024 * 1024; // of one response; above it the answer fails
constexpr std::size_t max_buffer_bytes = 32 * 1024;     // read and not parsed
constexpr std::chrono::milliseconds drain_time{250};   // from the end of an answer to the end of its response
constexpr std::chrono::milliseconds settle_time{250};  // from the sign that an answer is over to its end …
constexpr std::chrono::milliseconds likely_time{1000}; // … where the sign came with text
constexpr int max_interim_responses = 16;

openai_answer::header header_of(const http::response_header<>& from) {
  auto field = [&from](auto name) { return std::string{from[name]}; };
  return {from.result_int(),
          field(http::field::content_type),
          field(http::field::location),
          {field(http::field::retry_after), field("Retry-After-Ms"), field(http::field::date)},
          field(http::field::content_encoding)};
}

// Of 1xx only 101 is an answer: what follows is another protocol.
bool is_interim(unsigned status) { return status >= 100 && status < 200 && status != 101; }

// What a server says that gave up a connection which it kept open for long, or will not yet look at a
// request.
bool says_come_again(unsigned status) { return status == 408 || status == 425; }

/// One request and its response. Its pending operations keep it; `close` ends them.
class exchange : public std::enable_shared_from_this<exchange> {
public:
  exchange(std::shared_ptr<const openai_server> target, const std::string& body, std::string call_ids,
           backend_events events)
    : server_(std::move(target)), events_(std::move(events)), answer_(server_->secrets, std::move(call_ids)),
      resolver_(server_->context), timer_(server_->context), buffer_(max_buffer_bytes) {
    request_.method(http::verb::post);
    request_.target(server_->where.target);
    request_.version(11);
    request_.set(http::field::host, server_->where.host_header);
    request_.set(http::field::user_agent, "weir");
    request_.set(http::field::content_type, "application/json");
    request_.set(http::field::accept, "text/event-stream");
    request_.set(http::field::accept_encoding, "identity");
    for (auto& [name, value] : server_->headers) request_.set(name, value);
    request_.body() = body;
    request_.prepare_payload();
  }

  void start() {
    connection_ = server_->idle->take();
    if (!connection_) return resolve();
    reused_ = true;
    write();
  }

  /// The caller is gone: says no more. The connection is closed, unless only the end of a whole answer is
  /// awaited.
  void abandon() {
    silent_ = true;
    if (!draining_) close();
  }

private:
  // A completion handler that keeps this, and that is skipped after `close`.
  template <class F>
  auto then(F what) {
    return [keep = shared_from_this(), what](error_code error, auto&&...) {
      if (!keep->closed_) what(error);
    };
  }

  void resolve() {
    error_code error;
    auto address = asio::ip::make_address(server_->where.host, error);
    auto port = static_cast<std::uint16_t>(std::stoul(server_->where.port));
    if (!error) return connect({tcp::endpoint{address, port}});
    resolver_.async_resolve(
        server_->where.host, server_->where.port,
        [keep = shared_from_this()](error_code failed, const tcp::resolver::results_type& found) {
          if (keep->closed_) return;
          if (failed)
            return keep->broken("cannot find " + keep->server_->where.host + ": " + failed.message(), true);
          std::vector<tcp::endpoint> endpoints;
          for (auto& x : found) endpoints.push_back(x.endpoint());
          keep->connect(std::move(endpoints));
        });
  }

  void connect(std::vector<tcp::endpoint> endpoints) {
    connection_ = std::make_unique<upstream>(server_->context, server_->tls.get());
    connection_->connect(std::move(endpoints), [keep = shared_from_this()](const upstream::failure& failed) {
      if (keep->closed_) return;
      if (!failed.what.empty()) return keep->broken(failed.what, failed.retryable);
      keep->write();
    });
  }

  void begin_response() {
    parser_.emplace();
    parser_->header_limit(max_header_bytes);
    parser_->body_limit(max_body_bytes);
    parser_->eager(true);
  }

  void write() {
    begin_response();
    http::async_write(*connection_, request_, then([this](error_code error) {
      // A server may answer, and close, before it has read all: what it said counts.
      if (error && error != asio::error::broken_pipe) return lost(error);
      read_header();
    }));
  }

  void read_header() {
    http::async_read_header(*connection_, buffer_, *parser_, then([this](error_code error) {
      if (error) return lost(error);
      auto status = parser_->get().result_int();
      if (is_interim(status)) return skip_interim();
      if (reused_ && says_come_again(status)) return connect_anew();
      answer_.on_header(header_of(parser_->get()));
      if (report()) read_body();
    }));
  }

  // The response proper is still to come (RFC 9110, 15.2).
  void skip_interim() {
    if (++interim_responses_ > max_interim_responses)
      return broken("the model server sent more than " + std::to_string(max_interim_responses)
                        + " interim responses",
                    false);
    begin_response();
    read_header();
  }

  void read_body() {
    if (parser_->is_done()) return whole();
    auto& body = parser_->get().body();
    body.data = chunk_.data();
    body.size = chunk_.size();
    http::async_read_some(*connection_, buffer_, *parser_, then([this](error_code error) {
      auto got = chunk_.size() - parser_->get().body().size;
      if (got > 0) answer_.on_body({chunk_.data(), got});
      if (!report()) return;
      if (error && error != http::error::need_buffer) return lost(error);
      read_body();
    }));
  }

  // The response is whole: its connection is good for another one.
  void whole() {
    auto keep = shared_from_this();
    answer_.on_end();
    auto reuse = parser_->keep_alive() && !answer_.failed();
    auto connection = std::move(connection_);
    close();
    if (reuse) server_->idle->put(std::move(connection));
    tell();
  }

  // A kept-alive connection may have been closed by the server just now: that is nobody's failed attempt.
  void lost(error_code error) {
    if (reused_ && parser_ && !parser_->got_some() && interim_responses_ == 0) return connect_anew();
    auto is_http = error.category() == http::make_error_code(http::error::bad_status).category();
    auto cut = error == http::error::end_of_stream || error == http::error::partial_message;
    if (is_http && !cut) return broken("the model server's response is malformed: " + error.message(), false);
    broken("the connection to the model server was lost: " + error.message(), true);
  }

  // Not an attempt that failed: the kept-alive connection had ended before the request came.
  void connect_anew() {
    reused_ = false;
    connection_->close();
    buffer_.clear();
    resolve();
  }

  void broken(const std::string& what, bool retryable) {
    auto keep = shared_from_this();
    answer_.on_broken(what, retryable);
    close();
    tell();
  }

  // Passes on what has come. False: nothing more is to be read.
  bool report() {
    auto keep = shared_from_this();
    if (answer_.failed()) close();
    if (answer_.over() && !answer_.failed()) {
      if (parser_->is_done()) return true; // `whole` reports it, when the connection is safe from the caller
      if (!draining_) drain();
    }
    if (!answer_.over()) await_end();
    tell();
    return !closed_;
  }

  // There are servers that leave the connection open after the last piece, without `[DONE]`. The time runs
  // from what belongs to the answer: comments that keep the connection open do not prolong it.
  void await_end() {
    auto sign = answer_.sign();
    if (std::exchange(awaited_, sign) == sign && !answer_.has_pieces()) return;
    if (sign == openai_answer::end_sign::none) {
      timer_.cancel();
      return;
    }
    timer_.expires_after(sign == openai_answer::end_sign::sure ? settle_time : likely_time);
    timer_.async_wait(then([this](error_code error) {
      if (error || answer_.over()) return;
      answer_.on_silence();
      report();
    }));
  }

  // The answer is whole, the response is not quite: its rest is read so that the connection can be used
  // again.
  void drain() {
    draining_ = true;
    timer_.expires_after(drain_time);
    timer_.async_wait(then([this](error_code error) {
      if (!error) close();
    }));
  }

  // Tells the caller, who may abandon this at any time.
  void tell() {
    for (auto& piece : answer_.take_pieces())
      if (!silent_) events_.on_piece(std::move(piece));
    if (silent_ || !answer_.over()) return;
    silent_ = true;
    if (answer_.failed())
      events_.on_failed(answer_.failed()->error, answer_.failed()->retryable);
    else
      events_.on_done(answer_.take_end());
  }

  void close() {
    closed_ = true;
    if (connection_) connection_->close();
    resolver_.cancel();
    timer_.cancel();
  }

  std::shared_ptr<const openai_server> server_;
  backend_events events_;
  openai_answer answer_;
  std::unique_ptr<upstream> connection_;
  tcp::resolver resolver_;
  asio::steady_timer timer_;
  http::request<http::string_body> request_;
  std::optional<http::response_parser<http::buffer_body>> parser_;
  boost::beast::flat_buffer buffer_;
  std::array<char, 8192> chunk_;
  int interim_responses_ = 0;
  openai_answer::end_sign awaited_ = openai_answer::end_sign::none;
  bool reused_ = false;
  bool silent_ = false;
  bool draining_ = false;
  bool closed_ = false;
};

class openai_call : public backend_call {
public:
  explicit openai_call(std::shared_ptr<exchange> what) : what_(std::move(what)) {}
  ~openai_call() override { what_->abandon(); }

private:
  std::shared_ptr<exchange> what_;
};

} // namespace

std::unique_ptr<backend_call> start_exchange(std::shared_ptr<const openai_server> server,
                                             const std::string& body, std::string call_ids,
                                             backend_events events) {
  auto next = std::make_shared<exchange>(std::move(server), body, std::move(call_ids), std::move(events));
  next->start();
  return std::make_unique<openai_call>(std::move(next));
}

} // namespace weir
