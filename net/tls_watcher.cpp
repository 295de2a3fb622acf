#include "net/tls_watcher.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include <utility>

namespace weir {

struct tls_watcher::state : std::enable_shared_from_this<state> {
  state(io_thread& unit, std::vector<std::shared_ptr<tls_server>> watched)
    : unit(unit), timer(unit.context()), servers(std::move(watched)) {}

  void wait() {
    timer.expires_after(interval);
    timer.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
      if (!stopped && !self->ended) self->look();
    });
  }

  void look() {
    for (auto& server : servers)
      if (auto wrong = server->reload_if_changed()) {
        if (wrong->empty())
          spdlog::info("tls.reloaded: new connections get the new certificate");
        else
          spdlog::error("tls.reload_failed: {}; the certificate before stays in use", *wrong);
      }
    wait();
  }

  io_thread& unit;
  boost::asio::steady_timer timer;
  std::vector<std::shared_ptr<tls_server>> servers;
  bool ended = false;
};

tls_watcher::tls_watcher(io_thread& unit, std::vector<std::shared_ptr<tls_server>> servers)
  : state_(std::make_shared<state>(unit, std::move(servers))) {
  boost::asio::post(unit.context(), [x = state_] { x->wait(); });
}

tls_watcher::~tls_watcher() {
  boost::asio::post(state_->unit.context(), [x = state_] {
    x->ended = true;
    x->timer.cancel();
  });
}

} // namespace weir
