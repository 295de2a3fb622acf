#include "tests/support/socket_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <chrono>
#include <stdexcept>

namespace weir::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using error_code = boost::system::error_code;

struct socket_client::state {
  asio::io_context context;
  websocket::stream<tcp::socket> ws{context};
  beast::flat_buffer buffer;
  std::uint16_t code = 0;
  std::vector<std::string> pongs;

  state() {
    ws.control_callback([this](websocket::frame_type type, beast::string_view payload) {
      if (type == websocket::frame_type::pong) pongs.emplace_back(payload);
    });
  }

  /// Starts an operation and waits for it. `start` is given the handler to pass on.
  template <class Start>
  error_code wait(Start&& start) {
    std::optional<error_code> result;
    start([&result](error_code error, auto&&...) { result = error; });
    context.restart();
    context.run_for(std::chrono::seconds{10});
    if (!result) throw std::runtime_error("the node did not answer in ten seconds");
    return *result;
  }
};

namespace {

void check(error_code error) {
  if (error) throw boost::system::system_error(error);
}

} // namespace

socket_client::socket_client(std::uint16_t port, int receive_buffer, const std::string& from)
  : state_(std::make_unique<state>()) {
  auto& socket = state_->ws.next_layer();
  socket.open(tcp::v4());
  if (receive_buffer > 0) socket.set_option(asio::socket_base::receive_buffer_size(receive_buffer));
  if (!from.empty()) socket.bind({asio::ip::make_address(from), 0});
  socket.connect({asio::ip::make_address("127.0.0.1"), port});
  socket.set_option(tcp::no_delay(true));
}

socket_client::~socket_client() = default;

void socket_client::send_raw(const std::string& bytes) {
  asio::write(state_->ws.next_layer(), asio::buffer(bytes));
}

std::string socket_client::read_all() {
  std::string out;
  state_->wait([&](auto done) {
    asio::async_read(state_->ws.next_layer(), asio::dynamic_buffer(out), std::move(done));
  });
  return out;
}

std::string socket_client::read_some() {
  std::string out(64 * 1024, '\0');
  std::size_t size = 0;
  state_->wait([&](auto done) {
    state_->ws.next_layer().async_read_some(
        asio::buffer(out), [&size, done = std::move(done)](error_code error, std::size_t n) mutable {
          size = n;
          done(error);
        });
  });
  out.resize(size);
  return out;
}

void socket_client::shut_down() { state_->ws.next_layer().shutdown(tcp::socket::shutdown_send); }

std::pair<unsigned, std::string> socket_client::http(const std::string& method, const std::string& target,
                                                     const std::string& body) {
  send_raw(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
           + std::to_string(body.size()) + "\r\n\r\n" + body);
  http::response<http::string_body> reply;
  check(state_->wait(
      [&](auto done) { http::async_read(state_->ws.next_layer(), state_->buffer, reply, std::move(done)); }));
  return {reply.result_int(), reply.body()};
}

unsigned socket_client::upgrade(const std::string& target, const std::string& subprotocol) {
  state_->ws.set_option(websocket::stream_base::decorator([&](websocket::request_type& x) {
    if (!subprotocol.empty()) x.set(http::field::sec_websocket_protocol, subprotocol);
  }));
  websocket::response_type reply;
  auto error = state_->wait(
      [&](auto done) { state_->ws.async_handshake(reply, "localhost", target, std::move(done)); });
  if (error && error != websocket::error::upgrade_declined) check(error);
  if (!error && reply[http::field::sec_websocket_protocol] != subprotocol)
    throw std::runtime_error("the subprotocol was not echoed");
  return reply.result_int();
}

nlohmann::json socket_client::hello(const std::string& ns, const std::string& client_id) {
  if (upgrade() != 101) throw std::runtime_error("the upgrade was refused");
  send(nlohmann::json{{"op", "hello"}, {"namespace", ns}, {"client_id", client_id}});
  return receive().value();
}

void socket_client::send(const std::string& text) {
  state_->ws.text(true);
  check(state_->wait([&](auto done) { state_->ws.async_write(asio::buffer(text), std::move(done)); }));
}

void socket_client::send_binary(const std::string& bytes) {
  state_->ws.binary(true);
  check(state_->wait([&](auto done) { state_->ws.async_write(asio::buffer(bytes), std::move(done)); }));
}

std::optional<nlohmann::json> socket_client::receive() {
  auto error = state_->wait([&](auto done) { state_->ws.async_read(state_->buffer, std::move(done)); });
  if (error) {
    state_->code = state_->ws.reason().code;
    return std::nullopt;
  }
  auto bytes = state_->buffer.cdata();
  auto out = nlohmann::json::parse(static_cast<const char*>(bytes.data()),
                                   static_cast<const char*>(bytes.data()) + bytes.size());
  state_->buffer.consume(bytes.size());
  return out;
}

nlohmann::json socket_client::receive_op(const std::string& op) {
  for (;;) {
    auto frame = receive();
    if (!frame) throw std::runtime_error("closed with " + std::to_string(state_->code) + " before " + op);
    if ((*frame)["op"] == op) return *frame;
  }
}

std::uint16_t socket_client::close_code() {
  while (receive()) {
  }
  return state_->code;
}

void socket_client::ping(const std::string& payload) {
  check(state_->wait([&](auto done) {
    state_->ws.async_ping(websocket::ping_data{payload.data(), payload.size()}, std::move(done));
  }));
}

const std::vector<std::string>& socket_client::pongs() const { return state_->pongs; }

void socket_client::close() {
  state_->wait([&](auto done) { state_->ws.async_close(websocket::close_code::normal, std::move(done)); });
}

} // namespace weir::test
