#include "tests/support/model_server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
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

std::string event_of(const nlohmann::json& x, const std::string& newline) {
  return "data: " + x.dump() + newline + newline;
}

std::string hex(std::size_t n) {
  char text[20];
  std::snprintf(text, sizeof text, "%zx", n);
  return text;
}

} // namespace

std::string chunk_event(const std::string& text, const std::string& newline) {
  return event_of({{"object", "chat.completion.chunk"},
                   {"choices", {{{"index", 0}, {"delta", {{"content", text}}}, {"finish_reason", nullptr}}}},
                   {"usage", nullptr}},
                  newline);
}

server_reply server_reply::answer(const std::vector<std::string>& pieces, const std::string& newline) {
  auto x = begin_with({}, ending::whole);
  for (auto& piece : pieces) x.raw.push_back(chunk_event(piece, newline));
  x.raw.push_back(event_of(
      {{"choices", {{{"index", 0}, {"delta", nlohmann::json::object()}, {"finish_reason", "stop"}}}}},
      newline));
  x.raw.push_back(event_of({{"choices", nlohmann::json::array()},
                            {"usage", {{"prompt_tokens", 11}, {"completion_tokens", pieces.size()}}}},
                           newline));
  x.raw.push_back("data: [DONE]" + newline + newline);
  return x;
}

server_reply server_reply::begin_with(const std::vector<std::string>& pieces, ending end) {
  server_reply x;
  for (auto& piece : pieces) x.raw.push_back(chunk_event(piece));
  x.end = end;
  return x;
}

server_reply server_reply::http_error(unsigned status, std::string retry_after) {
  server_reply x;
  x.status = status;
  x.content_type = "application/json";
  x.retry_after = std::move(retry_after);
  x.raw = {R"({"error":{"message":"the server said )" + std::to_string(status) + R"("}})"};
  return x;
}

struct model_server::state {
  state() : acceptor(context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}) {
    port = acceptor.local_endpoint().port();
  }

  void accept_all() {
    for (;;) {
      error_code error;
      auto socket = std::make_shared<tcp::socket>(context);
      acceptor.accept(*socket, error);
      std::lock_guard guard{lock};
      if (error || stopping) return;
      ++accepted;
      ++open;
      sockets.push_back(socket);
      threads.emplace_back([this, socket] { serve(*socket); });
    }
  }

  void serve(tcp::socket& socket) {
    boost::beast::flat_buffer buffer;
    error_code error;
    socket.set_option(tcp::no_delay{true}, error);
    while (!error) {
      request asked;
      http::read(socket, buffer, asked, error);
      if (error) break;
      auto reply = next_reply(asked);
      if (!perform(socket, reply, error)) break;
    }
    std::lock_guard guard{lock}; // so that nobody shuts it down while it is closed
    socket.close(error);
    --open;
  }

  server_reply next_reply(const request& asked) {
    std::lock_guard guard{lock};
    ++requests;
    bodies.push_back(asked.body());
    for (auto& x : asked) headers[std::string{x.name_string()}] = x.value();
    auto x = replies.at(std::min(next, replies.size() - 1));
    ++next;
    return x;
  }

  // False: the connection is of no further use.
  static bool perform(tcp::socket& socket, const server_reply& x, error_code& error) {
    if (x.begin == server_reply::start::hang) return wait_for_end(socket);
    if (x.begin == server_reply::start::reset) {
      socket.set_option(asio::socket_base::linger{true, 0}, error);
      return false;
    }
    auto head =
        "HTTP/1.1 " + std::to_string(x.status) + " Whatever\r\nContent-Type: " + x.content_type + "\r\n";
    if (!x.retry_after.empty()) head += "Retry-After: " + x.retry_after + "\r\n";
    asio::write(socket, asio::buffer(head + "Transfer-Encoding: chunked\r\n\r\n"), error);
    for (auto& part : x.raw) {
      std::this_thread::sleep_for(std::chrono::milliseconds{x.pause_ms});
      write_part(socket, part, x.split_bytes, error);
      if (error) return false;
    }
    if (x.end == server_reply::ending::hang) return wait_for_end(socket);
    if (x.end == server_reply::ending::cut) return false;
    asio::write(socket, asio::buffer(std::string{"0\r\n\r\n"}), error);
    return !error;
  }

  static void write_part(tcp::socket& socket, const std::string& part, std::size_t split, error_code& error) {
    if (split == 0) split = part.size();
    for (std::size_t at = 0; at < part.size() && !error; at += split) {
      auto piece = part.substr(at, split);
      asio::write(socket, asio::buffer(hex(piece.size()) + "\r\n" + piece + "\r\n"), error);
    }
  }

  static bool wait_for_end(tcp::socket& socket) {
    char byte = 0;
    error_code error;
    while (!error) socket.read_some(asio::buffer(&byte, 1), error);
    return false;
  }

  asio::io_context context;
  tcp::acceptor acceptor;
  std::uint16_t port = 0;
  std::thread acceptor_thread;

  mutable std::mutex lock;
  bool stopping = false;
  std::vector<server_reply> replies{server_reply::answer({"Hello", " there."})};
  std::size_t next = 0;
  std::list<std::thread> threads;
  std::vector<std::shared_ptr<tcp::socket>> sockets;
  int accepted = 0;
  int open = 0;
  int requests = 0;
  std::vector<std::string> bodies;
  std::map<std::string, std::string> headers;
};

model_server::model_server() : state_(std::make_shared<state>()) {
  state_->acceptor_thread = std::thread{[s = state_.get()] { s->accept_all(); }};
}

model_server::~model_server() {
  stop_listening();
  {
    std::lock_guard guard{state_->lock};
    error_code ignored;
    for (auto& x : state_->sockets)
      if (x->is_open()) x->shutdown(tcp::socket::shutdown_both, ignored);
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

std::string model_server::url() const { return "http://127.0.0.1:" + std::to_string(state_->port) + "/v1"; }

int model_server::requests() const {
  std::lock_guard guard{state_->lock};
  return state_->requests;
}

int model_server::connections() const {
  std::lock_guard guard{state_->lock};
  return state_->accepted;
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

bool model_server::wait_for_open(int n) const {
  for (int i = 0; i < 400 && open_connections() != n; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  return open_connections() == n;
}

} // namespace weir::test
