#include "net/client/http_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <optional>
#include <stdexcept>

namespace weir {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using error_code = boost::system::error_code;

struct address {
  std::string host, port;
};

address split(const std::string& url) {
  constexpr std::string_view scheme = "http://";
  if (url.compare(0, scheme.size(), scheme) != 0) throw std::runtime_error("not http://host:port: " + url);
  auto rest = url.substr(scheme.size());
  rest = rest.substr(0, rest.find('/'));
  auto colon = rest.rfind(':');
  if (colon == std::string::npos || rest.find(']', colon) != std::string::npos) return {rest, "80"};
  auto host = rest.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  return {host, rest.substr(colon + 1)};
}

/// One request, step by step on a context that the caller runs.
class exchange {
public:
  exchange(asio::io_context& context, http::request<http::string_body> what)
    : resolver_(context), socket_(context), request_(std::move(what)) {}

  void start(const address& to) {
    resolver_.async_resolve(to.host, to.port, [this](error_code error, tcp::resolver::results_type found) {
      if (error) return end(error);
      asio::async_connect(socket_, found, [this](error_code failed, const tcp::endpoint&) {
        if (failed) return end(failed);
        http::async_write(socket_, request_, [this](error_code broken, std::size_t) {
          if (broken) return end(broken);
          http::async_read(socket_, buffer_, response_, [this](error_code done, std::size_t) { end(done); });
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
  auto to = split(url);
  http::request<http::string_body> what{http::string_to_verb(method), path, 11};
  what.set(http::field::host, to.host);
  if (!token.empty()) what.set(http::field::authorization, "Bearer " + token);
  if (method != "GET") what.set(http::field::content_type, "application/json");
  what.body() = body;
  what.prepare_payload();
  what.keep_alive(false);
  asio::io_context context;
  exchange job{context, std::move(what)};
  job.start(to);
  context.run_for(timeout);
  if (!job.outcome) throw std::runtime_error(url + " did not answer in time");
  if (*job.outcome) throw std::runtime_error(url + ": " + job.outcome->message());
  return {job.response().result_int(), job.response().body()};
}

} // namespace weir
