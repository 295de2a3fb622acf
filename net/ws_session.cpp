#include "net/ws_session.hpp"

#include "net/frame_writer.hpp"
#include "net/wire/ws_reader.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <utility>

namespace weir {

namespace {

namespace asio = boost::asio;
using error_code = boost::system::error_code;

constexpr auto close_timeout = std::chrono::seconds{2}; // for the peer to say that it closes, and again to go
constexpr std::size_t read_bytes = 64 * 1024;           // at a time, by whichever socket of the thread

/// What is read of a client that was told that we close, in search of its own close frame. It may have had so
/// much on its way; one that sends more is not read.
constexpr std::size_t max_closing_bytes = 256 * 1024;

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

/// A WebSocket as the transport of a connection. Frames are read and written here and not by Beast, whose
/// stream holds some 3 KB for a client that says nothing, and reads 1.5 KB at a time. While nothing comes
/// this holds no buffer: it waits for the socket to be readable and reads into one that its thread has for
/// all.
///
/// Ends in steps, of which either of the first two may come first: the peer closes or breaks the protocol
/// (`peer_closed_`; nothing more is heard of it, and the connection closes once it has answered what it
/// took), we close (`closing_`; nothing is sent behind the close frame); both (`ending_`: our side is shut
/// down, and the peer's end is waited for, as a socket that is closed with unread input takes back what was
/// written); gone.
///
/// It reads once in a turn of its thread, and goes on in the next, whatever more there is: one client that
/// sends without end does not keep the thread from the others.
class ws_session : public transport, private turn_hook, public std::enable_shared_from_this<ws_session> {
public:
  ws_session(std::shared_ptr<socket_context> context, client_socket socket,
             std::unique_ptr<handshake_place> place, std::unique_ptr<counted_socket> counted)
    : context_(std::move(context)), socket_(std::move(socket)), counted_(std::move(counted)),
      place_(std::move(place)), out_(socket_), in_(context_->bounds.frame_bytes) {}

  void start(std::string answer, std::span<char> early, const websocket_open& open) {
    error_code ignored;
    socket_.non_blocking(true, ignored); // a write that is tried must not wait
    send(std::make_shared<const std::string>(std::move(answer)));
    place_->evict_by([weak = weak_from_this()] {
      if (auto self = weak.lock()) self->on_end(asio::error::timed_out);
    });
    auto place = std::shared_ptr<handshake_place>(std::move(place_));
    connection_ = open(shared_from_this(), [place]() mutable { place.reset(); });
    listener_ = connection_.listener;
    if (listener_ != nullptr) take(early); // else the socket goes with this object
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
    if (!peer_closed_) {
      code_ = static_cast<std::uint16_t>(code);
      reason_ = std::move(reason);
    }
    arm(close_timeout);
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->begin_close(); });
  }

private:
  // -- in

  void wait_readable() {
    if (std::exchange(waits_to_read_, true)) return;
    socket_.async_wait(tcp_socket::wait_read,
                       [self = shared_from_this()](error_code error) { self->on_readable(error); });
  }

  void on_readable(error_code error) {
    static thread_local std::array<char, read_bytes> bytes; // empty again before any other socket reads
    waits_to_read_ = false;
    if (gone_) return;
    auto size = error ? 0 : socket_.read_some(asio::buffer(bytes), error);
    if (error && error != asio::error::would_block) return on_end(error);
    if (peer_said_close_ && size > 0) return on_end(error); // nothing may come behind a close frame
    if ((closing_ || peer_closed_) && (closing_bytes_ += size) > max_closing_bytes)
      return; // the time-out ends it
    take({bytes.data(), size});
  }

  void take(std::span<char> received) {
    if (gone_) return;
    if (!peer_closed_) {
      in_.begin(received);
      while ((reading_ || closing_) && handle(in_.next())) {
      }
      in_.end();
    }
    read_on();
  }

  /// Once the turn is over, if there is anything to read for.
  void read_on() {
    paused_ = !reading_ && !closing_ && !peer_closed_;
    if (!paused_ && (!peer_closed_ || ending_)) at_turn_end(reads_on_);
  }

  void at_turn_end(bool& what) {
    what = true;
    in_turn_ = shared_from_this();
    context_->unit.at_turn_end(*this);
  }

  void on_turn_end() override {
    auto self = std::exchange(in_turn_, nullptr);
    auto reads_on = std::exchange(reads_on_, false);
    auto answers = std::exchange(answers_, false);
    if (gone_) return;
    if (answers && pong_ && out_.idle() && !closing_) send(std::exchange(pong_, nullptr));
    if (!reads_on) return;
    paused_ = !reading_ && !closing_ && !peer_closed_; // since it was read
    if (!paused_ && (!peer_closed_ || ending_)) wait_readable();
  }

  /// @returns whether there may be more.
  bool handle(const ws_reader::item& x) {
    switch (x.what) {
    case ws_reader::kind::none:
      return false;
    case ws_reader::kind::text:
      if (!closing_) listener_->on_text(x.payload); // what comes after our close is not heard
      return true;
    case ws_reader::kind::part:
      if (!closing_) listener_->on_overhead();
      return true;
    case ws_reader::kind::ping:
      if (closing_) return true;
      answer_ping(x.payload);
      listener_->on_overhead();
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

  /// Only the newest ping has to be answered (RFC 6455, 5.5.3), so at most one answer waits: until the turn
  /// ends, and for what is being written then.
  void answer_ping(std::string_view payload) {
    pong_ = control_frame(pong_opcode, payload);
    at_turn_end(answers_);
  }

  /// It closes, or breaks the protocol. What was taken of it before is answered first.
  void on_peer_close(const ws_reader::item& x) {
    peer_closed_ = true;
    peer_said_close_ = x.what == ws_reader::kind::close;
    if (closing_) return close_sent_ ? end() : void(); // else `begin_close` is under way
    code_ = x.code;
    reason_ = x.payload;
    arm(close_timeout);
    listener_->on_peer_close();
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
    if (pong_) send(std::exchange(pong_, nullptr));
    send(close_frame(code_, reason_)); // nothing goes behind it
    close_sent_ = true;
    if (peer_closed_) return end();
    if (std::exchange(paused_, false)) wait_readable();
  }

  void end() {
    if (std::exchange(ending_, true)) return;
    arm(close_timeout);
    if (out_.idle()) shut_down();
    wait_readable();
  }

  void shut_down() {
    error_code ignored;
    socket_.shutdown_send(ignored);
  }

  void on_end(error_code) {
    if (std::exchange(gone_, true)) return;
    disarm();
    place_.reset();
    error_code ignored;
    socket_.close(ignored);
    counted_.reset();
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
    if (!closing_) return close(close_code::normal, {}); // its answers took too long
    on_end(asio::error::timed_out);
  }

  std::shared_ptr<socket_context> context_;
  client_socket socket_;
  std::unique_ptr<counted_socket> counted_;
  std::unique_ptr<handshake_place> place_;
  frame_writer out_;
  ws_reader in_;
  frame_ptr pong_; // waits for what is being written
  opened_connection connection_;
  transport_listener* listener_ = nullptr;
  std::unique_ptr<asio::steady_timer> timer_; // only while a close is in progress
  std::string reason_;                        // with `code_`: what is told of the end
  std::uint16_t code_ = 1006;
  std::size_t closing_bytes_ = 0;       // read since we closed
  std::shared_ptr<ws_session> in_turn_; // itself, while the turn's end is waited for
  bool reads_on_ = false;               // when the turn ends
  bool answers_ = false;                // as above: `pong_`
  bool waits_to_read_ = false;
  bool reading_ = true;
  bool paused_ = false;  // nothing is waited for until `set_reading`
  bool writing_ = false; // the listener waits for `on_writable`
  bool waits_to_write_ = false;
  bool peer_closed_ = false;
  bool peer_said_close_ = false; // by a close frame
  bool closing_ = false;
  bool close_sent_ = false;
  bool ending_ = false;
  bool gone_ = false;
};

} // namespace

void serve_websocket(std::shared_ptr<socket_context> context, client_socket socket, std::string answer,
                     std::string early, std::unique_ptr<handshake_place> place,
                     std::unique_ptr<counted_socket> counted, const websocket_open& open) {
  std::make_shared<ws_session>(std::move(context), std::move(socket), std::move(place), std::move(counted))
      ->start(std::move(answer), early, open);
}

} // namespace weir
