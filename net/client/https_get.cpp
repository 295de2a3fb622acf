#include "net/client/https_get.hpp"

#include "actors/core/url.hpp"
#include "net/client/tls_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <optional>
#include <stdexcept>
#include <utility>

namespace weir {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using error_code = boost::system::error_code;

/// One request, step by step on a context that the caller runs.
class exchange {
public:
  exchange(asio::io_context& context, server_url to, tls_client* tls, std::size_t most)
    : resolver_(context), to_(std::move(to)), plain_(context) {
    if (tls != nullptr) {
      secure_.emplace(plain_, tls->context());
      tls->prepare(secure_->native_handle());
    }
    request_ = {http::verb::get, to_.path.empty() ? "/" : to_.path, 11};
    request_.set(http::field::host, to_string(to_.at));
    request_.set(http::field::accept, "application/json");
    request_.set(http::field::accept_encoding, "identity");
    request_.keep_alive(false);
    parser_.body_limit(most);
  }

  void start() {
    auto port = to_.at.port.value_or(secure_ ? 443 : 80);
    resolver_.async_resolve(to_.at.host, std::to_string(port), [this](error_code error, auto found) {
      if (error) return end("the host is not known: " + error.message());
      asio::async_connect(plain_, found, [this](error_code failed, const tcp::endpoint&) {
        if (failed) return end("no connection: " + failed.message());
        shake_hands();
      });
    });
  }

  std::optional<std::variant<std::string, fetch_error>> outcome;

private:
  void shake_hands() {
    if (!secure_) return ask(plain_);
    secure_->async_handshake(asio::ssl::stream_base::client, [this](error_code error) {
      if (!error) return ask(*secure_);
      bool ignored = false;
      end(handshake_failure(secure_->native_handle(), error, ignored));
    });
  }

  template <class Stream>
  void ask(Stream& stream) {
    http::async_write(stream, request_, [this, &stream](error_code error, std::size_t) {
      if (error) return end("the request was not taken: " + error.message());
      http::async_read(stream, buffer_, parser_, [this](error_code failed, std::size_t) {
        if (failed) return end("no answer that can be read: " + failed.message());
        if (parser_.get().result_int() != 200)
          return end("the answer was " + std::to_string(parser_.get().result_int()));
        outcome = std::move(parser_.get().body());
      });
    });
  }

  void end(std::string why) { outcome = fetch_error{std::move(why)}; }

  tcp::resolver resolver_;
  server_url to_;
  tcp::socket plain_;
  std::optional<asio::ssl::stream<tcp::socket&>> secure_;
  http::request<http::empty_body> request_;
  boost::beast::flat_buffer buffer_{128 * 1024};
  http::response_parser<http::string_body> parser_;
};

} // namespace

std::variant<std::string, fetch_error> https_get(const std::string& url, const std::string& ca_file,
                                                 std::size_t most, std::chrono::milliseconds timeout) {
  auto parsed = parse_server_url(url, {"https", "http"});
  if (auto* wrong = std::get_if<std::string>(&parsed)) return fetch_error{*wrong};
  auto& to = std::get<server_url>(parsed);
  try {
    std::optional<tls_client> tls;
    if (to.scheme == "https") tls.emplace(to.at.host, ca_file);
    asio::io_context context;
    exchange job{context, to, tls ? &*tls : nullptr, most};
    job.start();
    context.run_for(timeout);
    if (job.outcome) return std::move(*job.outcome);
    return fetch_error{"no answer in time"};
  } catch (const std::exception& error) {
    return fetch_error{error.what()};
  }
}

} // namespace weir
