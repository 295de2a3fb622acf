#include "net/openai_backend.hpp"

#include "net/io_thread.hpp"
#include "net/openai_answer.hpp"
#include "net/openai_chunk.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>

namespace weir {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t max_header_bytes = 16 * 1024;
constexpr std::size_t max_body_bytes = 8 * 1024 * 1024; // of one response; above it the answer fails
constexpr std::size_t max_buffer_bytes = 32 * 1024;     // read and not parsed
constexpr std::chrono::seconds idle_time{15};
constexpr std::chrono::milliseconds drain_time{250}; // from the end of an answer to the end of its response

/// Connections that wait for their next request. Overflow policy: the one that has waited longest is closed.
class idle_connections : public std::enable_shared_from_this<idle_connections> {
public:
  explicit idle_connections(asio::io_context& context) : timer_(context) {}

  /// The one that was used last and that the server has not closed.
  std::optional<tcp::socket> take() {
    while (!waiting_.empty()) {
      auto socket = std::move(waiting_.back().socket);
      waiting_.pop_back();
      if (is_quiet(socket)) return socket;
    }
    return std::nullopt;
  }

  void put(tcp::socket socket) {
    if (waiting_.size() >= openai_idle_limit) waiting_.pop_front();
    waiting_.push_back({std::move(socket), std::chrono::steady_clock::now() + idle_time});
    if (waiting_.size() == 1) arm();
  }

private:
  struct entry {
    tcp::socket socket;
    std::chrono::steady_clock::time_point until;
  };

  // Open, and nothing to read: neither its end nor what nobody asked for.
  static bool is_quiet(tcp::socket& socket) {
    char byte = 0;
    error_code error;
    socket.non_blocking(true, error);
    socket.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
    return error == asio::error::would_block;
  }

  void arm() {
    timer_.expires_at(waiting_.front().until);
    timer_.async_wait([weak = weak_from_this()](error_code error) {
      auto self = weak.lock();
      if (self && !error) self->close_old();
    });
  }

  void close_old() {
    auto now = std::chrono::steady_clock::now();
    while (!waiting_.empty() && waiting_.front().until <= now) waiting_.pop_front();
    if (!waiting_.empty()) arm();
  }

  asio::steady_timer timer_;
  std::deque<entry> waiting_; // the oldest first
};

/// What all calls of one backend share.
struct server {
  asio::io_context& context;
  openai_endpoint where;
  std::string model;
  std::string key;
  std::shared_ptr<idle_connections> idle;
};

/// One request and its response. Its pending operations keep it; `close` ends them.
class exchange : public std::enable_shared_from_this<exchange> {
public:
  exchange(std::shared_ptr<const server> target, const std::string& body, backend_events events)
    : server_(std::move(target)), events_(std::move(events)), answer_(server_->key),
      socket_(server_->context), resolver_(server_->context), timer_(server_->context),
      buffer_(max_buffer_bytes) {
    request_.method(http::verb::post);
    request_.target(server_->where.target);
    request_.version(11);
    request_.set(http::field::host, server_->where.host_header);
    request_.set(http::field::user_agent, "weir");
    request_.set(http::field::content_type, "application/json");
    request_.set(http::field::accept, "text/event-stream");
    if (!server_->key.empty()) request_.set(http::field::authorization, "Bearer " + server_->key);
    request_.body() = body;
    request_.prepare_payload();
  }

  void start() {
    auto idle = server_->idle->take();
    if (!idle) return resolve();
    socket_ = std::move(*idle);
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
    endpoints_ = std::move(endpoints);
    asio::async_connect(socket_, endpoints_, then([this](error_code error) {
                          if (error) return broken("cannot connect: " + error.message(), true);
                          socket_.set_option(tcp::no_delay{true}, error);
                          write();
                        }));
  }

  void write() {
    parser_.emplace();
    parser_->header_limit(max_header_bytes);
    parser_->body_limit(max_body_bytes);
    parser_->eager(true);
    http::async_write(socket_, request_, then([this](error_code error) {
                        // A server may answer, and close, before it has read all: what it said counts.
                        if (error && error != asio::error::broken_pipe) return lost(error);
                        read_header();
                      }));
  }

  void read_header() {
    http::async_read_header(socket_, buffer_, *parser_, then([this](error_code error) {
                              if (error) return lost(error);
                              auto& header = parser_->get();
                              auto field = [&header](http::field name) { return std::string{header[name]}; };
                              answer_.on_header(header.result_int(), field(http::field::content_type),
                                                field(http::field::retry_after));
                              if (report()) read_body();
                            }));
  }

  void read_body() {
    if (parser_->is_done()) return whole();
    auto& body = parser_->get().body();
    body.data = chunk_.data();
    body.size = chunk_.size();
    http::async_read_some(socket_, buffer_, *parser_, then([this](error_code error) {
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
    auto socket = std::move(socket_);
    close();
    if (reuse) server_->idle->put(std::move(socket));
    tell();
  }

  // A kept-alive connection may have been closed by the server just now: that is nobody's failed attempt.
  void lost(error_code error) {
    if (reused_ && parser_ && !parser_->got_some()) {
      reused_ = false;
      error_code ignored;
      socket_.close(ignored);
      buffer_.clear();
      return resolve();
    }
    auto is_http = error.category() == http::make_error_code(http::error::bad_status).category();
    auto cut = error == http::error::end_of_stream || error == http::error::partial_message;
    if (is_http && !cut) return broken("the model server's response is malformed: " + error.message(), false);
    broken("the connection to the model server was lost: " + error.message(), true);
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
    tell();
    return !closed_;
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
      events_.on_done(answer_.usage(), {});
  }

  void close() {
    closed_ = true;
    error_code ignored;
    socket_.close(ignored);
    resolver_.cancel();
    timer_.cancel();
  }

  std::shared_ptr<const server> server_;
  backend_events events_;
  openai_answer answer_;
  tcp::socket socket_;
  tcp::resolver resolver_;
  asio::steady_timer timer_;
  std::vector<tcp::endpoint> endpoints_;
  http::request<http::string_body> request_;
  std::optional<http::response_parser<http::buffer_body>> parser_;
  boost::beast::flat_buffer buffer_;
  std::array<char, 8192> chunk_;
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

class openai_backend : public backend {
public:
  explicit openai_backend(std::shared_ptr<const server> target) : server_(std::move(target)) {}

  std::unique_ptr<backend_call> start(const model_request& what, backend_events events,
                                      caf::scheduled_actor&) override {
    auto body = openai_request_body(server_->model, what.messages);
    auto next = std::make_shared<exchange>(server_, body, std::move(events));
    next->start();
    return std::make_unique<openai_call>(std::move(next));
  }

private:
  std::shared_ptr<const server> server_;
};

std::string key_of(const openai_config& cfg) {
  auto* key = cfg.api_key_env.empty() ? nullptr : std::getenv(cfg.api_key_env.c_str());
  return key == nullptr ? std::string{} : std::string{key};
}

} // namespace

refusal check_openai_config(const openai_config& cfg) {
  auto where = parse_openai_url(cfg.url);
  if (auto* no = std::get_if<refusal>(&where))
    return {code::bad_request, "bad_field", "url: " + no->message, 0, {}, 0, 0};
  if (cfg.model.empty()) return refusal::bad_field("model: must not be empty");
  if (cfg.api_key_env.empty()) return {};
  auto key = key_of(cfg);
  if (key.empty()) return refusal::bad_field("api_key_env: the variable " + cfg.api_key_env + " is not set");
  auto printable = [](char x) { return x > 0x20 && x < 0x7F; };
  if (!std::all_of(key.begin(), key.end(), printable))
    return refusal::bad_field("api_key_env: the key in " + cfg.api_key_env
                              + " has characters that no header takes");
  return {};
}

backend_factory make_openai_backend(io_thread& thread, openai_config cfg) {
  auto where = parse_openai_url(cfg.url);
  auto endpoint = std::get<openai_endpoint>(std::move(where));
  return [&thread, cfg, endpoint, key = key_of(cfg)]() -> std::shared_ptr<backend> {
    auto& context = thread.context();
    auto idle = std::make_shared<idle_connections>(context);
    return std::make_shared<openai_backend>(
        std::make_shared<const server>(server{context, endpoint, cfg.model, key, std::move(idle)}));
  };
}

} // namespace weir
