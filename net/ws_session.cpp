#include "net/ws_session.hpp"

#include "net/gathering_stream.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace weir {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using error_code = boost::system::error_code;

constexpr auto close_timeout = std::chrono::seconds{2};

class ws_session : public transport, public std::enable_shared_from_this<ws_session> {
public:
  ws_session(std::shared_ptr<socket_context> context, tcp_socket socket,
             std::unique_ptr<handshake_place> place)
    : context_(std::move(context)), ws_(gathering_stream{std::move(socket)}), place_(std::move(place)) {
    ws_.set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                   websocket::stream_base::none(), false});
    ws_.set_option(websocket::stream_base::decorator(
        [](websocket::response_type& x) { x.set(http::field::sec_websocket_protocol, subprotocol); }));
    ws_.read_message_max(context_->bounds.frame_bytes);
  }

  void start(http::request<http::string_body> request) {
    auto kept = std::make_shared<http::request<http::string_body>>(std::move(request));
    arm(context_->handshake_timeout);
    ws_.async_accept(*kept, [self = shared_from_this(), kept](error_code error) { self->on_accept(error); });
  }

  // -- transport
  // ----------------------------------------------------------------------------------------------

  void write(std::vector<frame_ptr> frames) override {
    if (gone_) return;
    writing_ = true;
    for (auto& x : frames) stream().push(std::move(x));
    stream().flush();
  }

  void ping() override {
    if (gone_ || closing_) return;
    // The smallest ping there is: unmasked, without a payload (RFC 6455, 5.5.2).
    static const auto frame = std::make_shared<const std::string>("\x89\x00", 2);
    stream().push(frame);
    stream().flush();
  }

  void set_reading(bool on) override {
    if (std::exchange(reading_, on) == on || !on || gone_) return;
    if (std::exchange(read_pending_, false)) read_later();
  }

  void close(close_code code, std::string reason) override {
    if (gone_ || std::exchange(closing_, true)) return;
    code_ = static_cast<std::uint16_t>(code);
    reason_ = std::move(reason);
    arm(close_timeout);
    // Never from inside a call of the listener's: Beast may complete at once.
    asio::post(ws_.get_executor(), [self = shared_from_this()] { self->send_close(); });
  }

private:
  gathering_stream& stream() { return ws_.next_layer(); }

  void on_accept(error_code error) {
    disarm();
    if (error || !context_->open) return; // the socket goes with this object
    stream().on_drained([weak = weak_from_this()](error_code failed) {
      if (auto self = weak.lock()) self->on_drained(failed);
    });
    ws_.control_callback([this](websocket::frame_type kind, beast::string_view) {
      if (kind == websocket::frame_type::pong && listener_ != nullptr) connection_.listener->on_pong();
    });
    auto place = std::shared_ptr<handshake_place>(std::move(place_));
    connection_ = context_->open(shared_from_this(), [place]() mutable { place.reset(); });
    listener_ = connection_.listener;
    read();
  }

  void read() {
    ws_.async_read(buffer_,
                   [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
  }

  /// As `read`, but not from inside the listener's call.
  void read_later() {
    asio::post(ws_.get_executor(), [self = shared_from_this()] {
      if (!self->gone_) self->read();
    });
  }

  void on_read(error_code error) {
    if (error) return on_end(error);
    if (closing_) {
      buffer_.consume(buffer_.size()); // what comes after our close is not heard
      return read();
    }
    if (!ws_.got_text()) {
      close(close_code::unsupported, "binary frames are not taken");
      buffer_.consume(buffer_.size());
      return read();
    }
    auto bytes = buffer_.cdata();
    listener_->on_text({static_cast<const char*>(bytes.data()), bytes.size()});
    buffer_.consume(buffer_.size());
    if (reading_)
      read();
    else
      read_pending_ = true;
  }

  void on_drained(error_code error) {
    if (error) return; // the read in progress ends with it too
    if (std::exchange(writing_, false) && listener_ != nullptr) listener_->on_writable();
  }

  void send_close() {
    if (gone_) return;
    ws_.async_close({static_cast<websocket::close_code>(code_), reason_},
                    [self = shared_from_this()](error_code) {
                      // Beast's read, when one is in progress, ends with `closed`; else this is the end.
                      if (self->read_pending_) self->on_end(websocket::error::closed);
                    });
  }

  void on_end(error_code error) {
    if (std::exchange(gone_, true)) return;
    disarm();
    std::uint16_t code = code_;
    std::string reason = reason_;
    if (!closing_) {
      code = 1006;
      if (error == websocket::error::closed) {
        code = ws_.reason().code == websocket::close_code::none ? 1005 : ws_.reason().code;
        reason.assign(ws_.reason().reason.data(), ws_.reason().reason.size());
      } else if (error == websocket::error::message_too_big || error == websocket::error::buffer_overflow) {
        code = 1009;
      } else if (error == websocket::error::bad_frame_payload) {
        code = 1007;
      }
    }
    place_.reset();
    error_code ignored;
    stream().socket().close(ignored);
    if (auto* x = std::exchange(listener_, nullptr)) x->on_closed(code, reason);
    connection_ = {};
    timer_.reset();
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
      stream().socket().close(ignored); // the handshake in progress ends with it
    else
      on_end(asio::error::timed_out);
  }

  std::shared_ptr<socket_context> context_;
  websocket::stream<gathering_stream, false> ws_; // no compression
  std::unique_ptr<handshake_place> place_;
  beast::flat_buffer buffer_;
  opened_connection connection_;
  transport_listener* listener_ = nullptr;
  std::unique_ptr<asio::steady_timer> timer_; // only while a handshake or a close is in progress
  std::uint16_t code_ = 1006;
  std::string reason_;
  bool reading_ = true;
  bool read_pending_ = false; // a frame was handled, the next read waits for `set_reading`
  bool writing_ = false;      // the listener waits for `on_writable`
  bool closing_ = false;
  bool gone_ = false;
};

} // namespace

void serve_websocket(std::shared_ptr<socket_context> context, tcp_socket socket,
                     http::request<http::string_body> request, std::unique_ptr<handshake_place> place) {
  std::make_shared<ws_session>(std::move(context), std::move(socket), std::move(place))
      ->start(std::move(request));
}

} // namespace weir
