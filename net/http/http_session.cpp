#include "net/http/http_session.hpp"

#include "net/ws_session.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <optional>

namespace weir {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using error_code = boost::system::error_code;

using request_type = http::request<http::string_body>;
using response_type = http::response<http::string_body>;

constexpr std::uint64_t max_body_bytes = 64 * 1024;
constexpr std::uint32_t max_header_bytes = 8 * 1024;
constexpr auto keep_alive_timeout = std::chrono::seconds{30};

std::string_view path_of(const request_type& request) {
  auto target = request.target();
  return std::string_view{target.data(), target.size()}.substr(0, target.find('?'));
}

std::string text_of(beast::string_view x) { return {x.data(), x.size()}; }

http_request plain(request_type& request) {
  http_request out;
  out.method = text_of(request.method_string());
  out.path = path_of(request);
  auto target = text_of(request.target());
  if (auto mark = target.find('?'); mark != std::string::npos) out.query = target.substr(mark + 1);
  out.body = std::move(request.body());
  out.authorization = text_of(request[http::field::authorization]);
  return out;
}

/// Whether a read failed for what the peer sent, and not because the socket or the stream ended.
bool is_bad_request(error_code error) {
  return error != http::error::end_of_stream && error != http::error::partial_message
         && error.category() == http::make_error_code(http::error::end_of_stream).category();
}

class http_session : public std::enable_shared_from_this<http_session> {
public:
  http_session(std::shared_ptr<socket_context> context, tcp_socket socket)
    : context_(std::move(context)), socket_(std::move(socket)), deadline_(context_->unit.context()) {}

  ~http_session() {
    if (refusing_) --context_->refusing;
  }

  void start() {
    if (context_->handshakes < context_->bounds.handshakes) {
      place_ = std::make_unique<handshake_place>(context_);
    } else {
      if (context_->handshakes_refused != nullptr) context_->handshakes_refused->inc();
      if (context_->refusing >= context_->bounds.handshakes) return; // closed unheard
      refusing_ = true;
      ++context_->refusing;
    }
    read(context_->handshake_timeout);
  }

private:
  void read(std::chrono::milliseconds timeout) {
    parser_.emplace();
    parser_->body_limit(max_body_bytes);
    parser_->header_limit(max_header_bytes);
    end_after(timeout);
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
  }

  void end_after(std::chrono::milliseconds timeout) {
    deadline_.expires_after(timeout);
    deadline_.async_wait([weak = weak_from_this()](error_code error) {
      if (error) return;
      if (auto self = weak.lock()) self->close();
    });
  }

  void on_read(error_code error) {
    deadline_.cancel();
    if (error == http::error::body_limit)
      return reply(error_reply(413, "too_large", "the body is too large"), false);
    if (error && !is_bad_request(error)) return close();
    if (error) return reply(error_reply(400, "malformed", error.message()), false);
    auto request = parser_->release();
    if (refusing_) return refuse();
    if (context_->handle) return hand_over(request);
    if (path_of(request) == "/v1/ws") return upgrade(std::move(request));
    auto method = request.method_string();
    auto answer =
        route({method.data(), method.size()}, path_of(request), *context_->node, context_->unit.system());
    reply(std::move(answer), request.keep_alive(), request.method() == http::verb::head);
  }

  void hand_over(request_type& request) {
    auto keep_alive = request.keep_alive();
    auto head = request.method() == http::verb::head;
    context_->handle(plain(request), [self = shared_from_this(), keep_alive, head](http_reply answer) {
      self->reply(std::move(answer), keep_alive, head);
    });
  }

  void upgrade(request_type request) {
    if (!beast::websocket::is_upgrade(request))
      return reply(error_reply(426, "upgrade_required", "this is a WebSocket endpoint"), false);
    if (!offers_subprotocol(request))
      return reply(error_reply(400, "bad_subprotocol", "offer the WebSocket subprotocol weir.v1"), false);
    if (!context_->node->ready) return refuse();
    serve_websocket(context_, std::move(socket_), std::move(request),
                    beast::buffers_to_string(buffer_.data()), std::move(place_));
  }

  static bool offers_subprotocol(const request_type& request) {
    for (auto x : http::token_list{request[http::field::sec_websocket_protocol]})
      if (x == subprotocol) return true;
    return false;
  }

  void refuse() {
    auto wait_ms = context_->come_again_ms();
    response_ = make(refusal_reply(wait_ms), false);
    response_.set(http::field::retry_after, std::to_string((wait_ms + 500) / 1000));
    write();
  }

  http_reply refusal_reply(std::int64_t retry_after_ms) const {
    if (context_->node->draining)
      return error_reply(503, "draining", "the node stops: connect elsewhere", retry_after_ms);
    return error_reply(503, "unavailable", "too busy to take a connection now", retry_after_ms);
  }

  void reply(http_reply what, bool keep_alive, bool head = false) {
    response_ = make(std::move(what), keep_alive);
    if (head) response_.body().clear(); // Content-Length stays, as for GET
    write();
  }

  static response_type make(http_reply what, bool keep_alive) {
    response_type out{static_cast<http::status>(what.status), 11};
    out.set(http::field::content_type, what.content_type);
    if (!what.allow.empty()) out.set(http::field::allow, what.allow);
    if (what.status == 426) {
      out.set(http::field::upgrade, "websocket");
      out.set(http::field::connection, "Upgrade");
    }
    out.body() = std::move(what.body);
    out.prepare_payload();
    out.keep_alive(keep_alive);
    return out;
  }

  void write() {
    end_after(context_->handshake_timeout);
    http::async_write(socket_, response_, [self = shared_from_this()](error_code error, std::size_t) {
      self->deadline_.cancel();
      self->place_.reset(); // a plain request is not a handshake
      if (error || !self->response_.keep_alive()) return self->finish();
      self->read(keep_alive_timeout);
    });
  }

  /// Says that nothing more comes, and reads on until the peer has said so too: a socket that is closed with
  /// unread input would take the answer back.
  void finish() {
    error_code ignored;
    socket_.shutdown(tcp_socket::shutdown_send, ignored);
    end_after(std::chrono::seconds{1});
    drain();
  }

  void drain() {
    socket_.async_read_some(asio::buffer(scratch_),
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (error) return self->close();
                              self->drain();
                            });
  }

  void close() {
    error_code ignored;
    deadline_.cancel();
    socket_.close(ignored);
  }

  std::shared_ptr<socket_context> context_;
  tcp_socket socket_;
  asio::steady_timer deadline_;
  beast::flat_buffer buffer_{max_header_bytes + max_body_bytes};
  std::optional<http::request_parser<http::string_body>> parser_;
  response_type response_;
  std::unique_ptr<handshake_place> place_;
  bool refusing_ = false;
  char scratch_[512];
};

} // namespace

void serve_http(std::shared_ptr<socket_context> context, tcp_socket socket) {
  std::make_shared<http_session>(std::move(context), std::move(socket))->start();
}

} // namespace weir
