#include "tests/support/model_server.hpp"

#include "tests/support/served_stream.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <openssl/ssl.h>

#include <chrono>
#include <cstdio>
#include <list>
#include <map>
#include <mutex>
#include <thread>

namespace weir::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

using request = http::request<http::string_body>;
using ending = server_reply::ending;

std::string hex(std::size_t n) {
  char text[20];
  std::snprintf(text, sizeof text, "%zx", n);
  return text;
}

void write(served_stream& to, const std::string& bytes, error_code& error) {
  if (!error) asio::write(to, asio::buffer(bytes), error);
}

void write_part(served_stream& to, const std::string& part, const server_reply& x, error_code& error) {
  auto split = x.split_bytes == 0 ? part.size() : x.split_bytes;
  for (std::size_t at = 0; at < part.size() && !error; at += split) {
    auto piece = part.substr(at, split);
    write(to, x.chunked() ? hex(piece.size()) + "\r\n" + piece + "\r\n" : piece, error);
  }
}

bool wait_for_end(served_stream& from) {
  char byte = 0;
  error_code error;
  while (!error) from.socket().read_some(asio::buffer(&byte, 1), error);
  return false;
}

// When it is closed.
bool reset(served_stream& what) {
  error_code ignored;
  what.socket().set_option(asio::socket_base::linger{true, 0}, ignored);
  return false;
}

bool trickle(served_stream& to, const server_reply& x, error_code& error) {
  while (!error) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    write_part(to, ": still here\n\n", x, error);
  }
  return false;
}

// False: the connection is of no further use.
bool finish(served_stream& to, const server_reply& x, error_code& error) {
  switch (x.end) {
  case ending::hang:
    return wait_for_end(to);
  case ending::cut:
    return false;
  case ending::reset:
    return reset(to);
  case ending::half_close:
    to.socket().shutdown(tcp::socket::shutdown_send, error);
    return wait_for_end(to);
  case ending::bad_chunk:
    write(to, "zz\r\nnot a chunk\r\n", error);
    return wait_for_end(to);
  case ending::trickle:
    return trickle(to, x, error);
  default:
    if (x.chunked()) write(to, "0\r\n\r\n", error);
    return !error && x.chunked() && x.end == ending::whole;
  }
}

// What came was no HTTP: says so, as servers do, if anything came.
void answer_no_request(served_stream& to, const error_code& why) {
  error_code error;
  if (why != http::error::end_of_stream) write(to, "HTTP/1.1 400 Bad Request\r\n\r\n", error);
}

// False: the connection is of no further use.
bool perform(served_stream& to, const server_reply& x, error_code& error) {
  if (x.begin == server_reply::start::hang) return wait_for_end(to);
  if (x.begin == server_reply::start::reset) return reset(to);
  if (x.begin == server_reply::start::close) return false;
  write(to, x.head(), error);
  for (auto& part : x.raw) {
    if (x.pause_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds{x.pause_ms});
    write_part(to, part, x, error);
    if (error) return false;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds{x.last_pause_ms});
  return finish(to, x, error);
}

asio::ssl::context tls_context(const model_server::config& settings) {
  asio::ssl::context out{asio::ssl::context::tls_server};
  if (!settings.tls) return out;
  out.use_certificate_chain(asio::buffer(settings.tls->certificate));
  out.use_private_key(asio::buffer(settings.tls->key), asio::ssl::context::pem);
  auto* native = out.native_handle();
  if (settings.only_tls_1_1) {
    SSL_CTX_set_security_level(native, 0); // which OpenSSL no longer takes for secure at any other
    SSL_CTX_set_min_proto_version(native, TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(native, TLS1_1_VERSION);
  }
  return out;
}

} // namespace

struct model_server::state {
  explicit state(const config& what)
    : settings(what), tls(tls_context(what)), acceptor(context, {asio::ip::address_v4::loopback(), 0}) {
    port = acceptor.local_endpoint().port();
  }

  void accept_all() {
    for (;;) {
      error_code error;
      auto stream = std::make_shared<served_stream>(context);
      acceptor.accept(stream->socket(), error);
      std::lock_guard guard{lock};
      if (error || stopping) return;
      ++accepted;
      ++open;
      streams.push_back(stream);
      threads.emplace_back([this, stream] { serve(*stream); });
    }
  }

  void serve(served_stream& stream) {
    error_code error;
    stream.socket().set_option(tcp::no_delay{true}, error);
    if (settings.is_deaf) wait_for_end(stream);
    if (settings.tls) stream.shake_hands(tls, error);
    if (!error) serve_requests(stream, error);
    std::lock_guard guard{lock}; // so that nobody shuts it down while it is closed
    stream.socket().close(error);
    --open;
  }

  void serve_requests(served_stream& stream, error_code& error) {
    boost::beast::flat_buffer buffer;
    while (!error) {
      request asked;
      http::read(stream, buffer, asked, error);
      if (error) return answer_no_request(stream, error);
      auto reply = next_reply(asked, stream.resumed());
      if (!perform(stream, reply, error)) return;
    }
  }

  server_reply next_reply(const request& asked, bool is_resumed) {
    std::lock_guard guard{lock};
    resumptions += is_resumed ? 1 : 0;
    ++requests;
    bodies.push_back(asked.body());
    target = asked.target();
    for (auto& x : asked) headers[std::string{x.name_string()}] = x.value();
    auto x = replies.at(std::min(next, replies.size() - 1));
    ++next;
    return x;
  }

  config settings;
  asio::ssl::context tls;
  asio::io_context context;
  tcp::acceptor acceptor;
  std::uint16_t port = 0;
  std::thread acceptor_thread;

  mutable std::mutex lock;
  bool stopping = false;
  std::vector<server_reply> replies{server_reply::answer({"Hello", " there."})};
  std::size_t next = 0;
  std::list<std::thread> threads;
  std::vector<std::shared_ptr<served_stream>> streams;
  int accepted = 0;
  int open = 0;
  int requests = 0;
  int resumptions = 0; // requests on connections that were resumed
  std::vector<std::string> bodies;
  std::map<std::string, std::string> headers;
  std::string target;
};

model_server::model_server(config settings) : state_(std::make_shared<state>(settings)) {
  state_->acceptor_thread = std::thread{[s = state_.get()] { s->accept_all(); }};
}

model_server::~model_server() {
  stop_listening();
  {
    std::lock_guard guard{state_->lock};
    error_code ignored;
    for (auto& x : state_->streams)
      if (x->socket().is_open()) x->socket().shutdown(tcp::socket::shutdown_both, ignored);
  }
  for (auto& x : state_->threads) x.join();
}

void model_server::set(std::vector<server_reply> replies) {
  std::lock_guard guard{state_->lock};
  state_->replies = std::move(replies);
  state_->next = 0;
}

void model_server::stop_listening() {
  if (!state_->acceptor_thread.joinable()) return;
  {
    std::lock_guard guard{state_->lock};
    state_->stopping = true;
  }
  error_code ignored; // a blocking accept ends when somebody comes
  tcp::socket waker{state_->context};
  waker.connect({asio::ip::address_v4::loopback(), state_->port}, ignored);
  state_->acceptor_thread.join();
  state_->acceptor.close(ignored);
}

std::string model_server::url(const std::string& host) const {
  auto usual = state_->settings.tls ? "localhost" : "127.0.0.1";
  return (state_->settings.tls ? "https://" : "http://") + (host.empty() ? usual : host) + ':'
         + std::to_string(state_->port) + "/v1";
}

int model_server::requests() const {
  std::lock_guard guard{state_->lock};
  return state_->requests;
}

int model_server::connections() const {
  std::lock_guard guard{state_->lock};
  return state_->accepted;
}

int model_server::resumed() const {
  std::lock_guard guard{state_->lock};
  return state_->resumptions;
}

int model_server::open_connections() const {
  std::lock_guard guard{state_->lock};
  return state_->open;
}

std::vector<std::string> model_server::bodies() const {
  std::lock_guard guard{state_->lock};
  return state_->bodies;
}

std::string model_server::last_header(const std::string& name) const {
  std::lock_guard guard{state_->lock};
  auto i = state_->headers.find(name);
  return i == state_->headers.end() ? std::string{} : i->second;
}

std::string model_server::last_target() const {
  std::lock_guard guard{state_->lock};
  return state_->target;
}

bool model_server::wait_for_open(int n) const {
  for (int i = 0; i < 400 && open_connections() != n; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  return open_connections() == n;
}

} // namespace weir::test
