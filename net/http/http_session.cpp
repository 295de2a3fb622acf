#include "net/http/http_session.hpp"

#include "net/frame_writer.hpp"
#include "net/http/reply_writer.hpp"
#include "net/http/request_parser.hpp"
#include "net/http/websocket_upgrade.hpp"
#include "net/ws_session.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <utility>

namespace weir {

namespace {

namespace asio = boost::asio;
using error_code = boost::system::error_code;
using callback = std::function<void()>;

constexpr std::size_t read_bytes = 64 * 1024; // at a time, by whichever socket of the thread

/// What is read ahead of the request in hand. A client that sends more than this is not read.
constexpr std::size_t max_ahead_bytes = 64 * 1024;

/// A body that nobody wants is read to its end up to this size, so that the connection can go on.
constexpr std::uint64_t max_discarded_bytes = 64 * 1024;

constexpr auto linger_time = std::chrono::seconds{1}; // for the peer to have read our last answer
constexpr std::size_t max_linger_bytes = 4 * 1024 * 1024;

constexpr const char* continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

frame_ptr shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

/// Who counts as one address: with IPv6 all of a network, of which anybody has as many as they like.
std::string address_key(const asio::ip::address& x) {
  if (x.is_v4()) return x.to_string();
  auto v6 = x.to_v6();
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return asio::ip::address_v6{bytes}.to_string() + "/64";
}

/// Whether a client may name its request itself.
bool is_request_id(std::string_view text) {
  auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'
           || c == '.';
  };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), good);
}

class http_session;

/// A request as its route sees it. Lives as long as somebody holds it; its session may end before.
class session_exchange : public http_exchange, public std::enable_shared_from_this<session_exchange> {
public:
  session_exchange(std::shared_ptr<http_session> session, http_request request)
    : session_(std::move(session)), request_(std::move(request)) {}
  ~session_exchange() override;

  http_request& request() override { return request_; }
  void reply(http_reply what) override;
  void begin(http_reply head) override;
  bool write(std::string_view piece) override;
  void end() override;
  bool is_open() const override { return session_ != nullptr; }
  void on_writable(callback call) override { on_writable_ = std::move(call); }
  void on_gone(callback call) override { on_gone_ = std::move(call); }

  /// Nothing of what is answered from now on goes anywhere.
  void detach() { session_ = nullptr; }

  void writable() {
    if (auto call = on_writable_) call();
  }

  void gone() {
    detach();
    if (auto call = std::exchange(on_gone_, nullptr)) call();
  }

private:
  std::shared_ptr<http_session> session_; // null once the answer is done, or has nobody to go to
  http_request request_;
  callback on_writable_, on_gone_;
};

/// One socket. Reads and writes without blocking, and holds no buffer while nothing is under way.
///
/// Reads a request's head, decides on it, reads its body, hands it to its route, and writes the answer; then
/// the next one. What a client sends meanwhile waits in `ahead_`.
class http_session : public std::enable_shared_from_this<http_session>, public http_connection {
public:
  http_session(std::shared_ptr<socket_context> context, client_socket socket)
    : context_(std::move(context)), service_(*context_->http), socket_(std::move(socket)), out_(socket_),
      timer_(context_->unit.context()) {}

  ~http_session() override {
    context_->http_sockets.leave(*this);
    if (refusing_) --context_->refusing;
    release_request();
  }

  void start() {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    address_ = address_key(socket_.tcp().remote_endpoint(ignored).address());
    if (!count_in()) return; // closed unheard
    context_->http_sockets.join(*this, service_.max_connections);
    if (phase_ == phase::gone) return;
    if (service_.counts_handshakes && !take_handshake_place()) {
      if (!begin_refusing()) return; // closed unheard
    }
    arm(service_.head_timeout);
    wait_readable();
  }

  // -- what the exchange asks for

  void reply(http_reply what) {
    exchange_ = nullptr;
    send_head(std::move(what), false);
  }

  /// @returns whether there is anybody to whom more can be written.
  bool begin(http_reply head) {
    if (head_only_) {
      exchange_ = nullptr;
      phase_ = phase::replying;
      send_head(std::move(head), true);
      return false;
    }
    auto first = head.content();
    head.body.clear();
    head.shared_body = nullptr;
    phase_ = phase::streaming;
    send_head(std::move(head), true);
    if (!first.empty()) write(first);
    return true;
  }

  bool write(std::string_view piece) {
    if (phase_ != phase::streaming || piece.empty()) return out_.idle();
    frames_.push_back(shared(version_ >= 11 ? write_chunk(piece) : std::string{piece}));
    return flush();
  }

  void end() {
    exchange_ = nullptr;
    if (phase_ != phase::streaming) return;
    phase_ = phase::replying;
    if (version_ >= 11) frames_.push_back(shared(std::string{last_chunk}));
    flush();
  }

  /// The exchange is gone, and has not answered, or not to the end.
  void on_dropped() {
    exchange_ = nullptr;
    if (service_.failed != nullptr) service_.failed->inc();
    spdlog::error("http.not_answered: request {}", request_id_);
    if (phase_ == phase::streaming) return post([](http_session& x) { x.close(); });
    send_head(internal_error(), false);
  }

private:
  enum class phase : std::uint8_t {
    idle,      ///< Between requests, or before the first.
    reading,   ///< A request's head or body.
    handling,  ///< The request is with its route.
    streaming, ///< As above, and its route writes the answer.
    replying,  ///< The answer is there, and goes out.
    lingering, ///< Our side is shut down; the peer is heard out.
    gone,
  };

  static http_reply internal_error() {
    return error_reply(500, "internal", "a defect of the node: its log has more under the request's id");
  }

  template <class F>
  void post(F f) {
    asio::post(socket_.get_executor(), [self = shared_from_this(), f] { f(*self); });
  }

  /// Among the sockets of the node and of its address. One that cannot be is told so, as long as there are
  /// descriptors for that. @returns whether it goes on.
  bool count_in() {
    if (!context_->census) return true;
    auto now = context_->unit.system().clock().now();
    auto no = context_->census->enter(address_, now);
    if (no.status == code::unavailable && context_->half_open.make_room(address_))
      no = context_->census->enter(address_, now);
    if (!no.refused()) {
      counted_ = std::make_unique<counted_socket>(context_->census, address_);
      return true;
    }
    if (context_->sockets_refused != nullptr) context_->sockets_refused->inc();
    if (no.status == code::unavailable || !begin_refusing()) return false;
    why_refused_ = std::move(no);
    return true;
  }

  bool begin_refusing() {
    if (refusing_) return true;
    if (context_->refusing >= context_->bounds.handshakes) return false;
    refusing_ = true;
    ++context_->refusing;
    return true;
  }

  bool take_handshake_place() {
    if (refusing_) return false;
    if (auto guest = context_->half_open.enter(address_)) {
      place_ = std::make_unique<handshake_place>(context_, std::move(guest));
      place_->evict_by([weak = weak_from_this()] {
        if (auto self = weak.lock()) self->close();
      });
      return true;
    }
    if (context_->handshakes_refused != nullptr) context_->handshakes_refused->inc();
    return false;
  }

  // -- in

  void wait_readable() {
    if (phase_ == phase::gone || peer_done_ || ahead_.size() >= max_ahead_bytes) return;
    if (std::exchange(waits_to_read_, true)) return;
    socket_.async_wait(tcp_socket::wait_read,
                       [self = shared_from_this()](error_code error) { self->on_readable(error); });
  }

  void on_readable(error_code error) {
    static thread_local std::array<char, read_bytes> bytes; // empty again before any other socket reads
    waits_to_read_ = false;
    if (phase_ == phase::gone) return;
    auto size = error ? 0 : socket_.read_some(asio::buffer(bytes), error);
    if (error == asio::error::would_block) return wait_readable();
    if (error) return on_read_end(error);
    if (phase_ == phase::lingering) {
      lingered_ += size;
      return lingered_ > max_linger_bytes ? close() : wait_readable();
    }
    ahead_.append(bytes.data(), size);
    advance();
    wait_readable();
  }

  void on_read_end(error_code error) {
    peer_done_ = true;
    auto answer_is_due = phase_ == phase::handling || phase_ == phase::replying;
    if (error == asio::error::eof && answer_is_due) return; // it may have closed its own side only
    close();
  }

  /// Goes on with what has been received, as far as it can.
  void advance() {
    if (phase_ == phase::idle) begin_request();
    while (phase_ == phase::reading && parse()) {
    }
    if (ahead_.empty()) ahead_ = {}; // with its memory
    if (phase_ == phase::idle && peer_done_) close();
  }

  void begin_request() {
    std::size_t empty_lines = 0; // RFC 9112, 2.2
    while (ahead_.compare(empty_lines, 2, "\r\n") == 0) empty_lines += 2;
    ahead_.erase(0, empty_lines);
    if (ahead_.empty() || ahead_ == "\r") return;
    parser_ = std::make_unique<request_parser>();
    early_.reset();
    phase_ = phase::reading;
    if (!first_) arm(service_.head_timeout); // the first head's time began with the socket
  }

  /// @returns whether it got on.
  bool parse() {
    using parsed = request_parser::phase;
    auto before = parser_->current();
    ahead_.erase(0, parser_->take(ahead_));
    switch (parser_->current()) {
    case parsed::failed:
      return on_failed(), false;
    case parsed::decide:
      return decide(), true;
    case parsed::complete:
      return on_complete(), false;
    default:
      return before != parser_->current();
    }
  }

  void on_failed() {
    name_request(parser_->request());
    keep_alive_ = false;
    auto no = parser_->error();
    if (early_ && no.status == 413) no = std::move(*early_); // it would not have been wanted anyway
    send_head(std::move(no), false);
  }

  void name_request(http_request& x) {
    auto given = x.count("x-request-id") == 1 ? x.field("x-request-id") : std::string{};
    x.id = is_request_id(given) ? given : context_->next_request_id();
    request_id_ = x.id;
    cors_.clear();
    version_ = x.version;
    keep_alive_ = x.keep_alive && !refusing_;
    head_only_ = x.method == "HEAD";
  }

  /// The head is there: goes on to the body, or answers at once.
  void decide() {
    auto& x = parser_->request();
    name_request(x);
    if (service_.requests != nullptr) service_.requests->inc();
    auto no = admit(x);
    auto waits = x.version >= 11 && x.has_token("expect", "100-continue");
    if (!no || (no->status != 400 && no->status != 403 && no->status != 421))
      cors_ = service_.access.cors_fields(x);
    if (no) {
      auto size = parser_->content_length().value_or(x.has_body ? max_discarded_bytes + 1 : 0);
      if (no->status == 400 || no->status == 501) keep_alive_ = false; // where it ends is a matter of opinion
      if (x.has_body && (waits || size > max_discarded_bytes)) keep_alive_ = false;
      if (!x.has_body || !keep_alive_) return send_head(std::move(*no), false);
      early_ = std::move(no);
    }
    if (match_.websocket == nullptr) place_.reset(); // a plain request is not a handshake
    if (x.has_body) arm(service_.body_timeout);
    parser_->begin_body(early_ ? max_discarded_bytes : body_bound());
    using parsed = request_parser::phase;
    if (parser_->current() == parsed::body && waits && ahead_.empty()) {
      frames_.push_back(shared(continue_line));
      if (!out_.send(frames_)) wait_writable();
    }
  }

  std::uint64_t body_bound() const {
    if (match_.route != nullptr && match_.route->max_body_bytes > 0) return match_.route->max_body_bytes;
    return service_.max_body_bytes;
  }

  std::optional<http_reply> admit(http_request& x) {
    match_ = {};
    if (refusing_) return too_busy();
    auto admitted = service_.admit(x);
    if (auto* no = std::get_if<http_reply>(&admitted)) return std::move(*no);
    match_ = std::move(std::get<route_table::match>(admitted));
    if (match_.route == nullptr || match_.route->probe) return std::nullopt;
    auto full = [](std::size_t now, std::size_t max) { return max > 0 && now >= max; };
    if (!full(context_->requests_in_hand, service_.max_requests)
        && !full(*match_.route->in_hand, match_.route->max_in_hand))
      return std::nullopt;
    if (service_.refused != nullptr) service_.refused->inc();
    return error_reply(503, "unavailable", "too many requests are in hand", 1000);
  }

  http_reply too_busy() {
    if (why_refused_.refused())
      return error_reply(static_cast<unsigned>(why_refused_.status), why_refused_.reason,
                         why_refused_.message, why_refused_.retry_after_ms);
    auto wait_ms = context_->come_again_ms();
    if (context_->node->draining)
      return error_reply(503, "draining", "the node stops: connect elsewhere", wait_ms);
    return error_reply(503, "unavailable", "too busy to take a connection now", wait_ms);
  }

  // -- the request

  void on_complete() {
    if (early_) return send_head(std::move(*early_), false);
    auto request = std::move(parser_->request());
    parser_.reset();
    if (match_.websocket != nullptr) return upgrade(request);
    phase_ = phase::handling;
    timer_.cancel(); // the route bounds its time itself
    context_->http_sockets.busy(*this);
    if (!match_.route->probe) take_request();
    auto exchange = std::make_shared<session_exchange>(shared_from_this(), std::move(request));
    exchange_ = exchange.get();
    try {
      match_.route->handle(std::move(exchange));
    } catch (const std::exception& error) {
      on_thrown(error.what());
    }
  }

  void on_thrown(const char* what) {
    spdlog::error("http.handler_failed: request {}: {}", request_id_, what);
    if (phase_ == phase::handling || phase_ == phase::streaming) on_dropped();
  }

  void upgrade(http_request& request) {
    auto checked = check_upgrade(request, match_.websocket->subprotocols);
    if (auto* no = std::get_if<http_reply>(&checked)) {
      keep_alive_ = false;
      return send_head(std::move(*no), false);
    }
    if (match_.websocket->guard)
      if (auto no = match_.websocket->guard(request)) {
        keep_alive_ = false;
        return send_head(std::move(*no), false);
      }
    if (!context_->node->ready || (!place_ && !take_handshake_place())) {
      keep_alive_ = false;
      return send_head(too_busy(), false);
    }
    timer_.cancel();
    phase_ = phase::gone; // the socket is another's
    context_->http_sockets.leave(*this);
    auto head = write_upgrade(std::get<websocket_handshake>(checked), request.id, std::time(nullptr));
    auto open = [route = match_.websocket, request = std::move(request)](std::shared_ptr<transport> socket,
                                                                         callback hello_done) {
      return route->open(request, std::move(socket), std::move(hello_done));
    };
    serve_websocket(context_, std::move(socket_), std::move(head), std::move(ahead_), std::move(place_),
                    std::move(counted_), std::move(open));
  }

  // -- out

  void send_head(http_reply what, bool streamed) {
    if (context_->node->draining && service_.counts_handshakes) keep_alive_ = false;
    if (streamed && version_ < 11) keep_alive_ = false;
    what.fields.insert(what.fields.end(), cors_.begin(), cors_.end());
    frames_.push_back(shared(
        write_head(what, {head_only_, streamed, keep_alive_, version_, request_id_}, std::time(nullptr))));
    if (!head_only_ && !streamed && !what.content().empty())
      frames_.push_back(what.shared_body ? what.shared_body : shared(std::move(what.body)));
    if (!streamed) phase_ = phase::replying;
    flush();
  }

  /// Gives the kernel what waits. @returns whether it has all.
  bool flush() {
    arm(service_.write_timeout);
    if (!out_.send(frames_)) return wait_writable(), false;
    if (phase_ == phase::replying) post([](http_session& x) { x.on_replied(); });
    return true;
  }

  void wait_writable() {
    if (out_.error()) return post([](http_session& x) { x.close(); });
    if (std::exchange(waits_to_write_, true)) return;
    socket_.async_wait(tcp_socket::wait_write,
                       [self = shared_from_this()](error_code error) { self->on_writable(error); });
  }

  void on_writable(error_code error) {
    waits_to_write_ = false;
    if (phase_ == phase::gone) return;
    if (error || out_.error()) return close();
    auto done = out_.write_waiting();
    if (!done) {
      arm(service_.write_timeout); // it took some
      return wait_writable();
    }
    if (phase_ == phase::replying) return on_replied();
    if (phase_ == phase::streaming && exchange_ != nullptr) {
      auto keep = exchange_->shared_from_this();
      exchange_->writable();
    }
  }

  /// The answer is with the kernel.
  void on_replied() {
    if (phase_ != phase::replying || !out_.idle()) return;
    release_request();
    parser_.reset();
    place_.reset();
    if (!keep_alive_) return linger();
    phase_ = phase::idle;
    first_ = false;
    context_->http_sockets.idle(*this);
    arm(service_.idle_timeout);
    advance();
    wait_readable();
  }

  void take_request() {
    in_hand_ = match_.route->in_hand;
    ++*in_hand_;
    ++context_->requests_in_hand;
  }

  void release_request() {
    auto in_hand = std::exchange(in_hand_, nullptr);
    if (!in_hand) return;
    --*in_hand;
    --context_->requests_in_hand;
  }

  // -- the end

  /// Says that nothing more comes, and reads on until the peer has said so too: a socket that is closed with
  /// unread input would take the answer back.
  void linger() {
    if (peer_done_) return close();
    error_code ignored;
    phase_ = phase::lingering;
    context_->http_sockets.idle(*this);
    ahead_ = {};
    socket_.shutdown_send(ignored);
    arm(linger_time);
    wait_readable();
  }

  void make_room() override {
    if (service_.closed_for_room != nullptr) service_.closed_for_room->inc();
    close();
  }

  void close() {
    if (phase_ == phase::gone) return;
    auto self = shared_from_this();
    error_code ignored;
    phase_ = phase::gone;
    timer_.cancel();
    socket_.close(ignored);
    context_->http_sockets.leave(*this);
    release_request();
    place_.reset();
    counted_.reset();
    if (auto* x = std::exchange(exchange_, nullptr)) {
      auto keep = x->shared_from_this();
      x->gone();
    }
  }

  void arm(std::chrono::milliseconds timeout) {
    timer_.expires_after(timeout);
    timer_.async_wait([weak = weak_from_this()](error_code stopped) {
      if (stopped) return;
      if (auto self = weak.lock()) self->on_timeout();
    });
  }

  void on_timeout() {
    switch (phase_) {
    case phase::handling:
      return;
    case phase::streaming:
      return out_.idle() ? void() : close();
    case phase::reading:
      keep_alive_ = false;
      if (request_id_.empty()) request_id_ = context_->next_request_id();
      return send_head(error_reply(408, "timeout", "the request did not come in time"), false);
    default:
      return close();
    }
  }

  std::shared_ptr<socket_context> context_;
  const http_service& service_;
  client_socket socket_;
  frame_writer out_;
  asio::steady_timer timer_;
  std::string ahead_;                      // received, and not yet parsed
  std::unique_ptr<request_parser> parser_; // of the request that is being read
  std::optional<http_reply> early_;        // the answer, once the body has been read that nobody wants
  route_table::match match_;
  session_exchange* exchange_ = nullptr; // of the request in hand
  std::vector<frame_ptr> frames_;        // of the write that is being put together
  std::string address_;                  // by which shares are counted
  std::unique_ptr<handshake_place> place_;
  std::unique_ptr<counted_socket> counted_;
  refusal why_refused_; // if it is for its address that it is told so
  std::string request_id_;
  std::vector<http_field> cors_;         // of its answer
  std::shared_ptr<std::size_t> in_hand_; // of its route, while it counts among the requests in hand
  std::size_t lingered_ = 0;
  phase phase_ = phase::idle;
  unsigned version_ = 11;
  bool keep_alive_ = true;
  bool head_only_ = false;
  bool first_ = true;
  bool refusing_ = false;  // it is told 503, whatever it asks
  bool peer_done_ = false; // nothing more comes
  bool waits_to_read_ = false;
  bool waits_to_write_ = false;
};

// -- the exchange

session_exchange::~session_exchange() {
  if (auto x = std::exchange(session_, nullptr)) x->on_dropped();
}

void session_exchange::reply(http_reply what) {
  if (auto x = std::exchange(session_, nullptr)) x->reply(std::move(what));
}

void session_exchange::begin(http_reply head) {
  if (session_ && !session_->begin(std::move(head))) session_ = nullptr;
}

bool session_exchange::write(std::string_view piece) { return !session_ || session_->write(piece); }

void session_exchange::end() {
  if (auto x = std::exchange(session_, nullptr)) x->end();
}

} // namespace

void serve_http(std::shared_ptr<socket_context> context, client_socket socket) {
  std::make_shared<http_session>(std::move(context), std::move(socket))->start();
}

} // namespace weir
