#include "net/client/ws_client.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/url.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <nlohmann/json.hpp>

#include <deque>
#include <optional>

namespace weir {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using error_code = boost::system::error_code;
using steady = std::chrono::steady_clock;

constexpr const char* client_subprotocol = "weir.v1";
constexpr auto close_timeout = std::chrono::milliseconds{500};

struct address {
  std::string url;  ///< As given, for messages.
  std::string host; ///< Without brackets.
  std::string port;
  std::string authority; ///< The Host header.
  std::string path;
};

address parse_url(std::string_view url) {
  auto bad = [](const std::string& why) {
    return bad_url{"bad url: " + why + "; write it as http://host:port"};
  };
  auto got = parse_server_url(url, {"http", "ws", "https", "wss"});
  if (auto* wrong = std::get_if<std::string>(&got)) throw bad(*wrong);
  auto& at = std::get<server_url>(got);
  if (at.names_user) throw bad("a node takes no user and no password");
  if (at.scheme == "https" || at.scheme == "wss") throw bad_url{"bad url: TLS is not in this version yet"};
  if (at.path.empty() || at.path == "/") at.path = "/v1/ws";
  return {std::string{url}, at.at.host, std::to_string(at.at.port.value_or(80)), to_string(at.at), at.path};
}

ws_error refused_upgrade(const address& to, const websocket::response_type& answer) {
  auto status = answer.result_int();
  auto header = answer[http::field::retry_after];
  std::string retry_after{header.data(), header.size()};
  auto reason = answer.reason();
  auto what = to.url + " refused the connection: HTTP " + std::to_string(status);
  if (!reason.empty()) what += " " + std::string{reason.data(), reason.size()};
  if (!retry_after.empty()) what += ", try again in " + retry_after + " s";
  return ws_error{what, static_cast<int>(status), std::move(retry_after)};
}

} // namespace

class ws_client::connection {
public:
  explicit connection(std::size_t receive_buffer_bytes) : limit_bytes_(receive_buffer_bytes) {}

  void open(const address& to, steady::time_point deadline) {
    dial(to, deadline);
    upgrade(to, deadline);
    open_ = true;
    code_ = 0;
    stream_.auto_fragment(false);
    stream_.control_callback([this](websocket::frame_type kind, beast::string_view) {
      if (kind == websocket::frame_type::pong) ++pongs_;
    });
    read();
  }

  void write(std::string_view payload, bool binary, steady::time_point deadline) {
    stream_.binary(binary);
    finish("send", deadline, [&](auto done) { stream_.async_write(asio::buffer(payload), std::move(done)); });
  }

  void ping(std::string_view payload, steady::time_point deadline) {
    websocket::ping_data data{beast::string_view{payload.data(), payload.size()}};
    finish("ping", deadline, [&](auto done) { stream_.async_ping(data, std::move(done)); });
  }

  std::optional<std::string> receive(steady::time_point deadline) {
    if (frames_.empty()) context_.poll();
    run_until(deadline, [this] { return !frames_.empty() || !open_; });
    if (frames_.empty()) return std::nullopt;
    auto frame = std::move(frames_.front());
    frames_.pop_front();
    kept_bytes_ -= frame.size();
    if (open_ && !reading_) read();
    return frame;
  }

  void close(std::uint16_t code) {
    if (!open_) return;
    auto done =
        std::make_shared<bool>(false); // may outlive this call: the drop does not always end the close
    stream_.async_close(websocket::close_code{code}, [done](error_code) { *done = true; });
    run_until(steady::now() + close_timeout, [&] { return *done || !open_; });
    drop();
    code_ = code;
    reason_ = "by the client";
  }

  /// Nobody said anything: 1006.
  void drop() {
    closed(1006, "dropped by the client");
    error_code ignored;
    stream_.next_layer().close(ignored);
    context_.poll();
  }

  bool is_open() const { return open_; }
  std::uint16_t code() const { return code_; }
  const std::string& reason() const { return reason_; }
  std::size_t buffered() const { return frames_.size(); }
  std::size_t pongs() const { return pongs_; }

private:
  /// Runs handlers until `done` or the deadline; says which.
  template <class Predicate>
  bool run_until(steady::time_point deadline, Predicate done) {
    while (!done())
      if (context_.run_one_until(deadline) == 0 && steady::now() >= deadline) return done();
    return true;
  }

  void dial(const address& to, steady::time_point deadline) {
    tcp::resolver resolver{context_};
    std::optional<error_code> result;
    resolver.async_resolve(to.host, to.port, [&](error_code error, tcp::resolver::results_type found) {
      if (error) {
        result = error;
        return;
      }
      asio::async_connect(stream_.next_layer(), found,
                          [&result](error_code x, const tcp::endpoint&) { result = x; });
    });
    if (!run_until(deadline, [&] { return result.has_value(); })) {
      resolver.cancel();
      abandon([&] { return result.has_value(); });
      throw ws_error{"no node at " + to.url + ": no answer in time"};
    }
    if (*result == asio::error::connection_refused)
      throw connection_refused{"no node at " + to.url + ": " + result->message()};
    if (*result) throw ws_error{"no node at " + to.url + ": " + result->message()};
    error_code ignored;
    stream_.next_layer().set_option(tcp::no_delay{true}, ignored);
  }

  void upgrade(const address& to, steady::time_point deadline) {
    stream_.set_option(websocket::stream_base::decorator([](websocket::request_type& x) {
      x.set(http::field::sec_websocket_protocol, client_subprotocol);
      x.set(http::field::user_agent, "weir");
    }));
    websocket::response_type answer;
    std::optional<error_code> result;
    stream_.async_handshake(answer, to.authority, to.path, [&](error_code error) { result = error; });
    if (!run_until(deadline, [&] { return result.has_value(); })) {
      abandon([&] { return result.has_value(); });
      throw ws_error{to.url + " did not answer the upgrade in time"};
    }
    if (*result == websocket::error::upgrade_declined) throw refused_upgrade(to, answer);
    if (*result) throw ws_error{"no node at " + to.url + ": " + result->message()};
    if (answer[http::field::sec_websocket_protocol] != client_subprotocol)
      throw ws_error{to.url + " does not speak " + client_subprotocol};
  }

  /// Ends what is under way, and waits for its handler: that one points into the caller's stack.
  template <class Predicate>
  void abandon(Predicate ended) {
    error_code ignored;
    stream_.next_layer().close(ignored);
    while (!ended()) context_.run_one();
  }

  template <class Start>
  void finish(const char* verb, steady::time_point deadline, Start start) {
    if (!open_) throw ws_error{std::string{"cannot "} + verb + ": " + why_closed()};
    std::optional<error_code> result;
    start([&result](error_code error, std::size_t = 0) { result = error; });
    if (!run_until(deadline, [&] { return result.has_value(); })) {
      closed(1006, "the server does not read");
      abandon([&] { return result.has_value(); });
      throw ws_error{std::string{"cannot "} + verb + ": " + why_closed()};
    }
    if (!*result) return;
    // The reader knows better why: the server's close may be on its way in.
    run_until(steady::now() + close_timeout, [this] { return !open_ || !reading_; });
    on_read_error(*result);
    throw ws_error{std::string{"cannot "} + verb + ": " + why_closed()};
  }

  std::string why_closed() const {
    auto out = "the connection is closed (" + std::to_string(code_);
    return reason_.empty() ? out + ")" : out + ", " + reason_ + ")";
  }

  void read() {
    reading_ = true;
    stream_.async_read(buffer_, [this](error_code error, std::size_t) {
      reading_ = false;
      if (error) return on_read_error(error);
      frames_.push_back(beast::buffers_to_string(buffer_.data()));
      kept_bytes_ += frames_.back().size();
      buffer_.consume(buffer_.size());
      if (kept_bytes_ < limit_bytes_) read();
    });
  }

  void on_read_error(error_code error) {
    // The server's word counts even where our answer to it failed: it may have gone at once.
    const auto& said = stream_.reason();
    if (error != websocket::error::closed && said.code == websocket::close_code::none)
      return closed(1006, error.message());
    closed(said.code, std::string{said.reason.data(), said.reason.size()});
  }

  /// The first reason stays.
  void closed(std::uint16_t code, std::string reason) {
    if (!open_) return;
    open_ = false;
    code_ = code;
    reason_ = std::move(reason);
  }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(context_);
  websocket::stream<tcp::socket> stream_{context_};
  beast::flat_buffer buffer_;
  std::deque<std::string> frames_; ///< Bound: `limit_bytes_` and one frame; then nothing is read.
  std::size_t kept_bytes_ = 0;
  std::size_t limit_bytes_;
  bool reading_ = false;
  bool open_ = false;
  std::uint16_t code_ = 1006;
  std::string reason_ = "not connected";
  std::size_t pongs_ = 0;
};

ws_client::ws_client(std::size_t receive_buffer_bytes)
  : receive_buffer_bytes_(receive_buffer_bytes),
    connection_(std::make_unique<connection>(receive_buffer_bytes)) {}

ws_client::ws_client(ws_client&&) noexcept = default;
ws_client& ws_client::operator=(ws_client&&) noexcept = default;

ws_client::~ws_client() {
  if (connection_) close();
}

void ws_client::connect(std::string_view url, milliseconds timeout) {
  auto to = parse_url(url);
  auto fresh = std::make_unique<connection>(receive_buffer_bytes_);
  fresh->open(to, steady::now() + timeout);
  connection_ = std::move(fresh);
}

void ws_client::send(std::string_view text) {
  connection_->write(text, false, steady::now() + send_timeout_);
}

void ws_client::send_binary(std::string_view bytes) {
  connection_->write(bytes, true, steady::now() + send_timeout_);
}

void ws_client::ping(std::string_view payload) { connection_->ping(payload, steady::now() + send_timeout_); }

std::optional<std::string> ws_client::receive(milliseconds timeout) {
  return connection_->receive(steady::now() + timeout);
}

nlohmann::json ws_client::hello(std::string_view ns, std::string_view client_id, milliseconds timeout,
                                std::string_view token) {
  nlohmann::json greeting{{"op", "hello"}, {"namespace", ns}, {"client_id", client_id}};
  if (!token.empty()) greeting["token"] = token;
  send(print_json(greeting)); // bad UTF-8 is the server's to name
  auto answer = receive(timeout);
  if (!answer && is_open()) throw ws_error{"the server did not answer the hello in time"};
  if (!answer)
    throw ws_error{"the server closed instead of a welcome (" + std::to_string(close_code()) + " "
                   + close_reason() + ")"};
  auto frame = nlohmann::json::parse(*answer, nullptr, false);
  if (!frame.is_object() || !frame.contains("op"))
    throw ws_error{"the server's answer to the hello is no frame"};
  return frame;
}

void ws_client::close(std::uint16_t code) { connection_->close(code); }

void ws_client::abort() { connection_->drop(); }

bool ws_client::is_open() const { return connection_->is_open(); }

std::uint16_t ws_client::close_code() const { return connection_->code(); }

const std::string& ws_client::close_reason() const { return connection_->reason(); }

std::size_t ws_client::buffered() const { return connection_->buffered(); }

std::size_t ws_client::pongs() const { return connection_->pongs(); }

} // namespace weir
