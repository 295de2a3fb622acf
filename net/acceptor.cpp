#include "net/acceptor.hpp"

#include "net/http/http_session.hpp"
#include "net/tcp_socket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include <stdexcept>

#include <netinet/tcp.h>
#include <sys/socket.h>

namespace weir {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using error_code = boost::system::error_code;

constexpr int backlog = 4096;
constexpr auto pause_after_error = std::chrono::milliseconds{50};

/// Bytes that the kernel keeps of a socket beyond what it has sent: a client that does not read is noticed
/// after these and not after megabytes, and a write waits behind no more than two others.
constexpr int unsent_bytes = 128 * 1024;

using unsent_limit = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_NOTSENT_LOWAT>;
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

} // namespace

struct acceptor::state : std::enable_shared_from_this<state>, turn_hook {
  state(std::shared_ptr<socket_context> c)
    : context(std::move(c)), socket(context->unit.context()), pause(context->unit.context()) {}

  void accept_next() {
    socket.async_accept(context->unit.context(),
                        [self = shared_from_this()](error_code error, tcp_socket peer) {
                          self->on_accept(error, std::move(peer));
                        });
  }

  void on_accept(error_code error, tcp_socket peer) {
    if (error == asio::error::operation_aborted || !socket.is_open()) return;
    if (!error) {
      error_code ignored;
      peer.set_option(tcp::no_delay(true), ignored);
      peer.set_option(unsent_limit{unsent_bytes}, ignored);
      serve_http(context, client_socket{std::move(peer), context->tls ? context->tls->current() : nullptr});
      return accept_on();
    }
    // No descriptors left, or a connection that is gone already: those that are there go on.
    if (context->accept_errors != nullptr) context->accept_errors->inc();
    spdlog::warn("net.acceptor: {}", error.message());
    pause.expires_after(pause_after_error);
    pause.async_wait([self = shared_from_this()](error_code stopped) {
      if (!stopped && self->socket.is_open()) self->accept_next();
    });
  }

  /// Accepts another one, in the next turn if this one has had its share.
  void accept_on() {
    in_turn = shared_from_this();
    context->unit.at_turn_end(*this);
    if (++accepted < accepts_per_turn) accept_next();
  }

  void on_turn_end() override {
    auto self = std::exchange(in_turn, nullptr);
    auto paused = std::exchange(accepted, 0) >= accepts_per_turn;
    if (paused && socket.is_open()) accept_next();
  }

  std::shared_ptr<socket_context> context;
  tcp::acceptor socket;
  std::size_t accepted = 0;       // in this turn
  std::shared_ptr<state> in_turn; // itself: until the turn's end, whoever lets go of it in another thread
  asio::steady_timer pause;
};

namespace {

/// Opens and binds, or throws std::runtime_error that names the address.
void bind_to(tcp::acceptor& socket, const std::string& address, std::uint16_t port, bool shared) {
  try {
    tcp::endpoint where{asio::ip::make_address(address), port};
    socket.open(where.protocol());
    socket.set_option(tcp::acceptor::reuse_address(true));
    socket.set_option(reuse_port(shared));
    socket.bind(where);
    if (shared) socket.listen(backlog);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("cannot listen on " + address + ":" + std::to_string(port) + ": "
                             + error.code().message());
  }
}

} // namespace

std::uint16_t claim_port(io_thread& unit, const std::string& address, std::uint16_t port) {
  tcp::acceptor probe{unit.context()};
  bind_to(probe, address, port, false);
  return probe.local_endpoint().port();
}

acceptor::acceptor(std::shared_ptr<socket_context> context, const std::string& address, std::uint16_t port)
  : state_(std::make_shared<state>(std::move(context))) {
  bind_to(state_->socket, address, port, true);
}

acceptor::~acceptor() = default;

std::uint16_t acceptor::port() const { return state_->socket.local_endpoint().port(); }

void acceptor::start() { state_->accept_next(); }

void acceptor::stop() {
  asio::post(state_->context->unit.context(), [x = state_] {
    error_code ignored;
    x->socket.close(ignored);
    x->pause.cancel();
  });
}

} // namespace weir
