#include "net/openai/upstream.hpp"

#include <boost/asio/ssl/error.hpp>

namespace weir {

namespace asio = boost::asio;

upstream::upstream(asio::io_context& context, tls_client* tls)
  : context_(context), tls_(tls), socket_(context) {
  if (tls_ == nullptr) return;
  stream_.emplace(socket_, tls_->context());
  tls_->prepare(stream_->native_handle());
}

void upstream::connect(std::vector<tcp::endpoint> endpoints, std::function<void(failure)> then) {
  auto connected = [this, then = std::move(then)](error_code error, tcp::socket socket) mutable {
    if (error) return then({"cannot connect: " + error.message(), true});
    socket_ = std::move(socket);
    socket_.set_option(tcp::no_delay{true}, error);
    if (!stream_) return then({});
    shake_hands(std::move(then));
  };
  race_ = connect_race::start(context_, std::move(endpoints), std::move(connected));
}

void upstream::shake_hands(std::function<void(failure)> then) {
  stream_->async_handshake(asio::ssl::stream_base::client, [this, then = std::move(then)](error_code error) {
    if (!error) return then({});
    bool is_certificate = false;
    auto what = handshake_failure(stream_->native_handle(), error, is_certificate);
    // What the two say to each other will be the same again; a connection that was lost may not be.
    auto is_lost = error.category() != asio::error::get_ssl_category() && !is_certificate;
    then({std::move(what), is_lost});
  });
}

void upstream::close() {
  if (auto race = race_.lock()) race->cancel();
  error_code ignored;
  socket_.close(ignored);
}

bool upstream::is_quiet() {
  char byte = 0;
  error_code error;
  socket_.non_blocking(true, error);
  socket_.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
  return error == asio::error::would_block;
}

} // namespace weir
