#include "tests/support/fake_ws_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace weir::test {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using error_code = boost::system::error_code;

/// What has come in, for the test's thread to look at.
struct record {
  std::mutex mutex;
  std::vector<std::string> frames;
  std::size_t pongs = 0;
};

struct shared_state {
  fake_ws_server::script answer;
  fake_ws_server::settings how;
  record came;
};

class peer final : public fake_peer, public std::enable_shared_from_this<peer> {
public:
  peer(tcp::socket socket, shared_state& state) : stream_(std::move(socket)), state_(state) {}

  void start() {
    if (state_.how.mute) return hold();
    http::async_read(stream_.next_layer(), buffer_, request_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (error) return;
                       if (self->state_.how.refuse_status != 0) return self->refuse();
                       self->accept();
                     });
  }

  void send(std::string text) override {
    out_.push_back(std::move(text));
    if (out_.size() == 1) write();
  }

  void ping() override {
    stream_.async_ping({}, [self = shared_from_this()](error_code) {});
  }

  void close(unsigned code, std::string reason) override {
    close_ = websocket::close_reason{static_cast<websocket::close_code>(code), reason};
    if (out_.empty()) finish();
  }

  void drop() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

  void stop_reading() override { reading_ = false; }

private:
  /// Holds the socket until the client goes.
  void hold() {
    stream_.next_layer().async_wait(tcp::socket::wait_error, [self = shared_from_this()](error_code) {});
  }

  void refuse() {
    refusal_.result(state_.how.refuse_status);
    if (!state_.how.retry_after.empty()) refusal_.set(http::field::retry_after, state_.how.retry_after);
    refusal_.prepare_payload();
    http::async_write(stream_.next_layer(), refusal_,
                      [self = shared_from_this()](error_code, std::size_t) {});
  }

  void accept() {
    stream_.set_option(websocket::stream_base::decorator([this](websocket::response_type& answer) {
      answer.set(http::field::sec_websocket_protocol, state_.how.subprotocol);
    }));
    stream_.control_callback([this](websocket::frame_type kind, beast::string_view) {
      std::lock_guard guard{state_.came.mutex};
      if (kind == websocket::frame_type::pong) ++state_.came.pongs;
    });
    stream_.async_accept(request_, [self = shared_from_this()](error_code error) {
      if (!error) self->read();
    });
  }

  void read() {
    stream_.async_read(input_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return;
      self->on_frame(beast::buffers_to_string(self->input_.data()));
      self->input_.consume(self->input_.size());
      if (self->reading_) return self->read();
      self->hold();
    });
  }

  void on_frame(std::string frame) {
    {
      std::lock_guard guard{state_.came.mutex};
      state_.came.frames.push_back(frame);
    }
    state_.answer(*this, frame);
  }

  void write() {
    stream_.async_write(asio::buffer(out_.front()),
                        [self = shared_from_this()](error_code error, std::size_t) {
                          if (error) return;
                          self->out_.pop_front();
                          if (!self->out_.empty()) return self->write();
                          if (self->close_) self->finish();
                        });
  }

  void finish() {
    stream_.async_close(*close_, [self = shared_from_this()](error_code) {});
  }

  websocket::stream<tcp::socket> stream_;
  shared_state& state_;
  beast::flat_buffer buffer_;
  beast::flat_buffer input_;
  http::request<http::string_body> request_;
  http::response<http::string_body> refusal_;
  std::deque<std::string> out_; // no bound: as much as the test's script sends
  std::optional<websocket::close_reason> close_;
  bool reading_ = true;
};

} // namespace

class fake_ws_server::server {
public:
  server(script answer, settings how) {
    state_.answer = std::move(answer);
    state_.how = std::move(how);
    accept();
    thread_ = std::thread{[this] { context_.run(); }};
  }

  ~server() {
    context_.stop();
    thread_.join();
  }

  unsigned port() const { return acceptor_.local_endpoint().port(); }
  record& came() { return state_.came; }

private:
  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error) return;
      socket.set_option(tcp::no_delay{true}, error);
      std::make_shared<peer>(std::move(socket), state_)->start();
      accept();
    });
  }

  shared_state state_; // outlives the peers, which the context owns
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

fake_ws_server::fake_ws_server(script answer) : fake_ws_server(std::move(answer), settings{}) {}

fake_ws_server::fake_ws_server(script answer, settings how)
  : server_(std::make_unique<server>(std::move(answer), std::move(how))) {}

fake_ws_server::~fake_ws_server() = default;

std::string fake_ws_server::url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

std::vector<std::string> fake_ws_server::frames() const {
  std::lock_guard guard{server_->came().mutex};
  return server_->came().frames;
}

std::size_t fake_ws_server::pongs() const {
  std::lock_guard guard{server_->came().mutex};
  return server_->came().pongs;
}

} // namespace weir::test
