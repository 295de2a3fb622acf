#include "net/client/http_client.hpp"

#include "actors/core/url.hpp"
#include "net/client/ws_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace weir {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using error_code = boost::system::error_code;

server_url read(const std::string& url) {
  auto got = parse_server_url(url, {"http"});
  if (auto* wrong = std::get_if<std::string>(&got))
    throw std::runtime_error("bad url: " + *wrong + "; write it as http://host:port");
  return std::get<server_url>(std::move(got));
}

void check_header(const std::string& token) {
  if (std::any_of(token.begin(), token.end(), [](char c) { return c <= ' ' || c > '~'; }))
    throw std::runtime_error("the token has characters that no header takes");
}

/// One request, step by step on a context that the caller runs.
class exchange {
public:
  exchange(asio::io_context& context, http::request<http::string_body> what)
    : resolver_(context), socket_(context), request_(std::move(what)) {}

  void start(const host_port& to) {
    resolver_.async_resolve(
        to.host, std::to_string(to.port.value_or(80)),
        [this](error_code error, tcp::resolver::results_type found) {
          if (error) return end(error);
          asio::async_connect(socket_, found, [this](error_code failed, const tcp::endpoint&) {
            if (failed) return end(failed);
            http::async_write(socket_, request_, [this](error_code broken, std::size_t) {
              if (broken) return end(broken);
              http::async_read(socket_, buffer_, response_,
                               [this](error_code done, std::size_t) { end(done); });
            });
          });
        });
  }

  std::optional<error_code> outcome;
  const http::response<http::string_body>& response() const { return response_; }

private:
  void end(error_code error) { outcome = error; }

  tcp::resolver resolver_;
  tcp::socket socket_;
  http::request<http::string_body> request_;
  boost::beast::flat_buffer buffer_;
  http::response<http::string_body> response_;
};

} // namespace

http_answer http_fetch(const std::string& url, const std::string& method, const std::string& path,
                       const std::string& body, const std::string& token, std::chrono::milliseconds timeout) {
  auto to = read(url);
  check_header(token);
  http::request<http::string_body> what{http::string_to_verb(method), path, 11};
  what.set(http::field::host, to_string(to.at));
  if (!token.empty()) what.set(http::field::authorization, "Bearer " + token);
  if (method != "GET") what.set(http::field::content_type, "application/json");
  what.body() = body;
  what.prepare_payload();
  what.keep_alive(false);
  asio::io_context context;
  exchange job{context, std::move(what)};
  job.start(to.at);
  context.run_for(timeout);
  if (!job.outcome) throw std::runtime_error(url + " did not answer in time");
  if (*job.outcome == asio::error::connection_refused)
    throw connection_refused("no node at " + url + ": " + job.outcome->message());
  if (*job.outcome) throw std::runtime_error(url + ": " + job.outcome->message());
  return {job.response().result_int(), job.response().body()};
}

} // namespace weir
