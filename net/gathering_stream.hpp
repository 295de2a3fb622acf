#pragma once

// Includes Asio and Beast: only for the .cpp files of this folder.

#include "actors/namespace/event.hpp"
#include "net/tcp_socket.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/role.hpp>

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace weir {

/// A TCP stream under Beast's WebSocket stream, through which frames that are ready made can be written
/// beside Beast's own. What Beast writes (the handshake's answer, pongs, closes: whole frames, one write
/// each) and what we write stand in one queue, and one gathered write at a time empties it. So frames of ours
/// are never copied, and never come to stand inside one of Beast's.
///
/// The queue is bounded by its users: Beast has one write in progress at a time, and a connection writes
/// again only when it was told that all is written.
class gathering_stream {
public:
  using socket_type = tcp_socket;
  using executor_type = socket_type::executor_type;
  using error_code = boost::system::error_code;

  explicit gathering_stream(socket_type socket) : state_(std::make_shared<state>(std::move(socket))) {}

  executor_type get_executor() { return state_->socket.get_executor(); }
  socket_type& socket() noexcept { return state_->socket; }

  /// Called when the queue has been emptied, or with an error when a write failed.
  void on_drained(std::function<void(error_code)> f) { state_->drained = std::move(f); }

  /// Puts a frame into the queue. Nothing is written before `flush`.
  void push(frame_ptr frame) { state_->queue.push_back(std::move(frame)); }

  /// Begins to write what waits, unless a write is in progress: that one goes on with it.
  void flush() { write_next(state_); }

  bool idle() const noexcept { return state_->queue.empty() && !state_->writing; }

  template <class Buffers, class Handler>
  auto async_read_some(const Buffers& buffers, Handler&& handler) {
    return state_->socket.async_read_some(buffers, std::forward<Handler>(handler));
  }

  /// Takes all bytes at once: Beast goes on while they wait in the queue.
  template <class Buffers, class Handler>
  auto async_write_some(const Buffers& buffers, Handler&& handler) {
    return boost::asio::async_initiate<Handler, void(error_code, std::size_t)>(
        [this](auto done, const Buffers& from) {
          std::string bytes(boost::asio::buffer_size(from), '\0');
          auto size = boost::asio::buffer_copy(boost::asio::buffer(bytes), from);
          push(std::make_shared<const std::string>(std::move(bytes)));
          flush();
          auto executor = boost::asio::get_associated_executor(done, get_executor());
          boost::asio::post(executor, [done = std::move(done), error = state_->error, size]() mutable {
            done(error, error ? 0 : size);
          });
        },
        handler, buffers);
  }

  /// Says that nothing more comes once the queue is empty, and hears the peer out until it has said so too,
  /// but not for longer than `end_timeout`. A socket that is closed with unread input takes back what was
  /// written to it, the close frame included; Beast's own (1.83) stops reading after 2 KiB.
  template <class Handler>
  void async_end(Handler handler) {
    auto x = std::make_shared<ending<Handler>>(state_, std::move(handler));
    x->deadline.expires_after(end_timeout);
    x->deadline.async_wait([weak = std::weak_ptr(x)](error_code stopped) {
      error_code ignored;
      auto late = weak.lock();
      if (!stopped && late) late->of->socket.close(ignored); // what is in progress ends with it
    });
    end_next(x);
  }

private:
  static constexpr std::chrono::seconds end_timeout{2};
  static constexpr std::size_t max_gathered = 64; // what one system call takes

  struct state {
    explicit state(socket_type s) : socket(std::move(s)) {}
    socket_type socket;
    std::deque<frame_ptr> queue; // [0, in_flight) is being written
    std::size_t written = 0;     // of the first frame
    bool writing = false;
    error_code error;
    std::function<void(error_code)> drained;
    std::function<void()> empty; // an `ending` waits for it
  };

  template <class Handler>
  struct ending {
    ending(std::shared_ptr<state> x, Handler h)
      : of(std::move(x)), handler(std::move(h)), deadline(of->socket.get_executor()) {}
    std::shared_ptr<state> of;
    Handler handler;
    boost::asio::steady_timer deadline;
    bool said = false;
    std::array<char, 2048> scratch;
  };

  template <class Handler>
  static void end_next(const std::shared_ptr<ending<Handler>>& x) {
    if (!x->said && !x->of->queue.empty()) {
      x->of->empty = [x] { end_next(x); };
      return;
    }
    error_code ignored;
    if (!std::exchange(x->said, true)) x->of->socket.shutdown(socket_type::shutdown_send, ignored);
    x->of->socket.async_read_some(boost::asio::buffer(x->scratch), [x](error_code error, std::size_t) {
      if (!error) return end_next(x);
      error_code unheard;
      x->deadline.cancel();
      x->of->socket.close(unheard);
      if (error == boost::asio::error::eof) error = {};
      auto handler = std::move(x->handler);
      handler(error);
    });
  }

  static void write_next(const std::shared_ptr<state>& x) {
    if (x->writing || x->error || x->queue.empty()) return;
    x->writing = true;
    std::array<boost::asio::const_buffer, max_gathered> buffers;
    std::size_t n = 0;
    for (; n < buffers.size() && n < x->queue.size(); ++n) buffers[n] = boost::asio::buffer(*x->queue[n]);
    buffers[0] += x->written;
    for (std::size_t i = n; i < buffers.size(); ++i) buffers[i] = {};
    x->socket.async_write_some(buffers,
                               [x](error_code error, std::size_t size) { on_written(x, error, size); });
  }

  static void on_written(const std::shared_ptr<state>& x, error_code error, std::size_t size) {
    x->writing = false;
    x->error = error;
    if (error) x->queue.clear();
    for (x->written += size; !x->queue.empty() && x->written >= x->queue.front()->size();) {
      x->written -= x->queue.front()->size();
      x->queue.pop_front();
    }
    write_next(x);
    if (!x->queue.empty()) return;
    if (x->drained) x->drained(error);
    if (auto waiting = std::exchange(x->empty, nullptr)) waiting();
  }

  // Shared with writes in progress, which may outlive the WebSocket stream.
  std::shared_ptr<state> state_;
};

/// Beast closes a WebSocket's TCP connection with these three.
inline void beast_close_socket(gathering_stream& stream) {
  boost::system::error_code ignored;
  stream.socket().close(ignored);
}

inline void teardown(boost::beast::role_type, gathering_stream& stream, boost::system::error_code& error) {
  stream.socket().shutdown(tcp_socket::shutdown_both, error);
}

template <class Handler>
void async_teardown(boost::beast::role_type, gathering_stream& stream, Handler&& handler) {
  stream.async_end(std::forward<Handler>(handler));
}

} // namespace weir
