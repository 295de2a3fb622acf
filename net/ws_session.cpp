#include "net/ws_session.hpp"

#include "net/frame_writer.hpp"
#include "net/wire/ws_reader.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <array>
#include <utility>

namespace weir {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using error_code = boost::system::error_code;
using request_type = http::request<http::string_body>;

constexpr auto close_timeout = std::chrono::seconds{2}; // for the peer to say that it closes, and again to go
constexpr std::size_t read_bytes = 64 * 1024;           // at a time, by whichever socket of the thread
constexpr char close_opcode = 8, ping_opcode = 9, pong_opcode = 10; // RFC 6455, 11.8

/// A frame of at most 125 bytes (RFC 6455, 5.5).
frame_ptr control_frame(char opcode, std::string_view payload) {
  payload = payload.substr(0, 125);
  std::string out{static_cast<char>(0x80 | opcode), static_cast<char>(payload.size())};
  return std::make_shared<const std::string>(out.append(payload));
}

frame_ptr close_frame(std::uint16_t code, std::string_view reason) {
  if (code == 1005) return control_frame(close_opcode, {}); // the peer said nothing
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return control_frame(close_opcode, payload.append(reason));
}

/// A WebSocket as the transport of a connection. Beast does the handshake; after that frames are read and
/// written here, because Beast's stream holds some 3 KB for a client that says nothing, and reads 1.5 KB at a
/// time. While nothing comes this holds no buffer: it waits for the socket to be readable and reads into one
/// that its thread has for all.
///
/// Ends in steps, of which any may be the first: a close frame is sent (`closing_`), one has been received or
/// nothing more can be (`ending_`: our side is shut down, the peer is heard out, as a socket that is closed
/// with unread input takes back what was written), gone.
class ws_session : public transport, public std::enable_shared_from_this<ws_session> {
public:
  ws_session(std::shared_ptr<socket_context> context, tcp_socket socket,
             std::unique_ptr<handshake_place> place)
    : context_(std::move(context)), socket_(std::move(socket)), place_(std::move(place)), out_(socket_),
      in_(context_->bounds.frame_bytes) {}

  void start(request_type request, std::string early) {
    struct handshake {
      handshake(tcp_socket& socket, request_type x, std::string y)
        : stream(socket), request(std::move(x)), early(std::move(y)) {}
      websocket::stream<tcp_socket&, false> stream;
      request_type request;
      std::string early;
    };
    auto x = std::make_shared<handshake>(socket_, std::move(request), std::move(early));
    x->stream.set_option(websocket::stream_base::decorator(
        [](websocket::response_type& y) { y.set(http::field::sec_websocket_protocol, subprotocol); }));
    arm(context_->handshake_timeout);
    x->stream.async_accept(x->request, [self = shared_from_this(), x](error_code error) {
      self->disarm();
      if (!error) self->on_accept(x->early);
    });
  }

  // -- transport

  bool write(std::vector<frame_ptr>& frames) override {
    if (gone_ || closing_) return frames.clear(), false;
    writing_ = !out_.send(frames);
    if (writing_) wait_writable();
    return !writing_;
  }

  void ping() override {
    static const auto frame = control_frame(ping_opcode, {});
    if (!gone_ && !closing_) send(frame);
  }

  void set_reading(bool on) override {
    if (std::exchange(reading_, on) == on || !on || gone_) return;
    // Not from inside the listener's call.
    if (std::exchange(paused_, false))
      asio::post(socket_.get_executor(), [self = shared_from_this()] { self->take({}); });
  }

  void close(close_code code, std::string reason) override {
    if (gone_ || std::exchange(closing_, true)) return;
    code_ = static_cast<std::uint16_t>(code);
    reason_ = std::move(reason);
    arm(close_timeout);
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->begin_close(); });
  }

private:
  void on_accept(std::span<char> early) {
    error_code ignored;
    socket_.non_blocking(true, ignored); // a write that is tried must not wait
    if (!context_->open) return;         // the socket goes with this object
    auto place = std::shared_ptr<handshake_place>(std::move(place_));
    connection_ = context_->open(shared_from_this(), [place]() mutable { place.reset(); });
    listener_ = connection_.listener;
    if (listener_ != nullptr) take(early);
  }

  // -- in

  void wait_readable() {
    socket_.async_wait(tcp_socket::wait_read,
                       [self = shared_from_this()](error_code error) { self->on_readable(error); });
  }

  void on_readable(error_code error) {
    static thread_local std::array<char, read_bytes> bytes; // empty again before any other socket reads
    if (gone_) return;
    auto size = error ? 0 : socket_.read_some(asio::buffer(bytes), error);
    if (error && error != asio::error::would_block) return on_end(error);
    take({bytes.data(), size});
  }

  void take(std::span<char> received) {
    if (gone_) return;
    if (!ending_) {
      in_.begin(received);
      while ((reading_ || closing_) && handle(in_.next())) {
      }
      in_.end();
    }
    paused_ = !reading_ && !closing_;
    if (!paused_) wait_readable();
  }

  /// @returns whether there may be more.
  bool handle(const ws_reader::item& x) {
    switch (x.what) {
    case ws_reader::kind::none:
      return false;
    case ws_reader::kind::text:
      if (!closing_) listener_->on_text(x.payload); // what comes after our close is not heard
      return true;
    case ws_reader::kind::ping:
      if (!closing_) answer_ping(x.payload);
      return true;
    case ws_reader::kind::pong:
      if (!closing_) listener_->on_pong();
      return true;
    case ws_reader::kind::close:
    case ws_reader::kind::failed:
      on_peer_close(x);
      return false;
    }
    return false;
  }

  /// Only the newest ping has to be answered (RFC 6455, 5.5.3), so at most one answer waits.
  void answer_ping(std::string_view payload) {
    if (out_.idle())
      send(control_frame(pong_opcode, payload));
    else
      pong_ = control_frame(pong_opcode, payload);
  }

  void on_peer_close(const ws_reader::item& x) {
    if (!std::exchange(closing_, true)) {
      code_ = x.code;
      reason_ = x.payload;
      send(close_frame(code_, reason_));
    }
    end();
  }

  // -- out

  void send(frame_ptr frame) {
    if (!out_.send(std::move(frame))) wait_writable();
  }

  void wait_writable() {
    if (out_.error()) return fail_later();
    if (std::exchange(waits_to_write_, true)) return;
    socket_.async_wait(tcp_socket::wait_write,
                       [self = shared_from_this()](error_code error) { self->on_writable(error); });
  }

  void on_writable(error_code error) {
    waits_to_write_ = false;
    if (gone_) return;
    if (error) return on_end(error);
    if (!out_.write_waiting()) return wait_writable();
    if (pong_) send(std::exchange(pong_, nullptr));
    if (!out_.idle()) return;
    if (ending_) return shut_down();
    if (std::exchange(writing_, false) && !closing_) listener_->on_writable();
  }

  void fail_later() {
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
      if (!self->gone_) self->on_end(self->out_.error());
    });
  }

  // -- the end

  void begin_close() {
    if (gone_) return;
    send(close_frame(code_, reason_));
    if (std::exchange(paused_, false)) wait_readable();
  }

  void end() {
    ending_ = true;
    arm(close_timeout);
    if (out_.idle()) shut_down();
  }

  void shut_down() {
    error_code ignored;
    socket_.shutdown(tcp_socket::shutdown_send, ignored);
  }

  void on_end(error_code) {
    if (std::exchange(gone_, true)) return;
    disarm();
    place_.reset();
    error_code ignored;
    socket_.close(ignored);
    if (auto* x = std::exchange(listener_, nullptr)) x->on_closed(code_, reason_);
    connection_ = {};
  }

  void arm(std::chrono::milliseconds timeout) {
    timer_ = std::make_unique<asio::steady_timer>(context_->unit.context(), timeout);
    timer_->async_wait([weak = weak_from_this()](error_code stopped) {
      if (stopped) return;
      if (auto self = weak.lock()) self->on_timeout();
    });
  }

  void disarm() { timer_.reset(); }

  void on_timeout() {
    error_code ignored;
    if (listener_ == nullptr)
      socket_.close(ignored); // the handshake in progress ends with it
    else
      on_end(asio::error::timed_out);
  }

  std::shared_ptr<socket_context> context_;
  tcp_socket socket_;
  std::unique_ptr<handshake_place> place_;
  frame_writer out_;
  ws_reader in_;
  frame_ptr pong_; // waits for what is being written
  opened_connection connection_;
  transport_listener* listener_ = nullptr;
  std::unique_ptr<asio::steady_timer> timer_; // only while a handshake or a close is in progress
  std::string reason_;                        // with `code_`: what is told of the end
  std::uint16_t code_ = 1006;
  bool reading_ = true;
  bool paused_ = false;  // nothing is waited for until `set_reading`
  bool writing_ = false; // the listener waits for `on_writable`
  bool waits_to_write_ = false;
  bool closing_ = false;
  bool ending_ = false;
  bool gone_ = false;
};

} // namespace

void serve_websocket(std::shared_ptr<socket_context> context, tcp_socket socket,
                     http::request<http::string_body> request, std::string early,
                     std::unique_ptr<handshake_place> place) {
  std::make_shared<ws_session>(std::move(context), std::move(socket), std::move(place))
      ->start(std::move(request), std::move(early));
}

} // namespace weir
