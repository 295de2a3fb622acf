// A bare Beast server: what one event to many sockets costs where there are no actors, names, sequence
// numbers, sessions or bounds. Written as Beast's own chat example is. See README.md in this folder.
#include <CLI/CLI.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;
using beast::error_code;
using message = std::shared_ptr<const std::string>;

class session;

/// The receivers whose sockets one thread owns. Used by that thread only.
struct worker {
  asio::io_context io{1};
  std::unordered_map<std::string, std::unordered_set<session*>> groups;
  std::vector<std::unique_ptr<worker>>* all = nullptr;

  void deliver(const std::string& group, const message& text);

  /// One post per event and thread.
  void publish(const std::string& group, message text) {
    for (auto& x : *all) {
      if (x.get() == this)
        deliver(group, text);
      else
        asio::post(x->io, [to = x.get(), group, text] { to->deliver(group, text); });
    }
  }
};

class session : public std::enable_shared_from_this<session> {
public:
  session(worker& owner, tcp::socket socket) : owner_(owner), ws_(std::move(socket)) {}

  ~session() {
    if (receives_) owner_.groups[group_].erase(this);
  }

  void start() {
    beast::get_lowest_layer(ws_).expires_after(std::chrono::seconds{30});
    http::async_read(ws_.next_layer(), buffer_, request_,
                     beast::bind_front_handler(&session::on_request, shared_from_this()));
  }

  void send(message text) {
    queue_.push_back(std::move(text));
    if (queue_.size() == 1) write();
  }

private:
  void on_request(error_code error, std::size_t) {
    if (error) return;
    auto path = std::string{request_.target()};
    receives_ = path.starts_with("/sub/");
    if (!receives_ && !path.starts_with("/pub/")) return;
    group_ = path.substr(5);
    if (receives_) owner_.groups[group_].insert(this);
    beast::get_lowest_layer(ws_).expires_never();
    ws_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    ws_.async_accept(request_, beast::bind_front_handler(&session::on_accept, shared_from_this()));
  }

  void on_accept(error_code error) {
    if (error) return;
    request_ = {};
    ws_.text(true);
    open_ = true;
    if (!queue_.empty()) write();
    read();
  }

  void read() { ws_.async_read(buffer_, beast::bind_front_handler(&session::on_read, shared_from_this())); }

  void on_read(error_code error, std::size_t) {
    if (error) return;
    if (!receives_)
      owner_.publish(group_, std::make_shared<const std::string>(beast::buffers_to_string(buffer_.data())));
    buffer_.consume(buffer_.size());
    read();
  }

  void write() {
    if (!open_) return; // in the middle of the upgrade
    ws_.async_write(asio::buffer(*queue_.front()),
                    beast::bind_front_handler(&session::on_write, shared_from_this()));
  }

  void on_write(error_code error, std::size_t) {
    if (error) return;
    queue_.pop_front();
    if (!queue_.empty()) write();
  }

  worker& owner_;
  websocket::stream<beast::tcp_stream> ws_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  std::string group_;
  std::deque<message> queue_;
  bool receives_ = false;
  bool open_ = false;
};

void worker::deliver(const std::string& group, const message& text) {
  auto to = groups.find(group);
  if (to == groups.end()) return;
  for (auto* x : to->second) x->send(text);
}

/// Gives each socket to the next thread in turn.
class listener {
public:
  listener(std::vector<std::unique_ptr<worker>>& workers, const tcp::endpoint& at)
    : workers_(workers), acceptor_(workers.front()->io, at) {
    acceptor_.listen(4096);
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void accept() {
    auto& next = *workers_[turn_++ % workers_.size()];
    acceptor_.async_accept(next.io, [this, &next](error_code error, tcp::socket socket) {
      if (!error) start(next, std::move(socket));
      accept();
    });
  }

private:
  static void start(worker& owner, tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    asio::post(owner.io, [&owner, socket = std::move(socket)]() mutable {
      std::make_shared<session>(owner, std::move(socket))->start();
    });
  }

  std::vector<std::unique_ptr<worker>>& workers_;
  tcp::acceptor acceptor_;
  std::size_t turn_ = 0;
};

} // namespace

int main(int argc, char** argv) {
  std::size_t threads = 1;
  std::uint16_t port = 0;
  CLI::App app{"A bare Beast server, to compare with: /sub/<group> receives what is sent on /pub/<group>."};
  app.add_option("--threads", threads, "each with its own io_context")->check(CLI::Range(1, 64));
  app.add_option("--port", port, "on loopback; 0: a free one");
  CLI11_PARSE(app, argc, argv);
  std::vector<std::unique_ptr<worker>> workers;
  for (std::size_t i = 0; i < threads; ++i) workers.emplace_back(std::make_unique<worker>())->all = &workers;
  listener door(workers, {asio::ip::address_v4::loopback(), port});
  door.accept();
  asio::signal_set signals(workers.front()->io, SIGINT, SIGTERM);
  signals.async_wait([](error_code, int) { std::_Exit(0); });
  std::printf("ready ws://127.0.0.1:%u\n", static_cast<unsigned>(door.port()));
  std::fflush(stdout);
  std::vector<std::thread> running;
  for (std::size_t i = 1; i < threads; ++i)
    running.emplace_back([&io = workers[i]->io] {
      auto busy = asio::make_work_guard(io);
      io.run();
    });
  workers.front()->io.run();
}
