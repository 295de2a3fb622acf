#include "net/client/connect_race.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace weir {

namespace asio = boost::asio;

std::shared_ptr<connect_race> connect_race::start(asio::io_context& context,
                                                  std::vector<tcp::endpoint> endpoints, handler then,
                                                  std::chrono::milliseconds pause) {
  std::shared_ptr<connect_race> race{new connect_race(context, std::move(endpoints), std::move(then), pause)};
  // Later, so that `then` is never called from here.
  asio::post(context, [race] { race->next(); });
  return race;
}

connect_race::connect_race(asio::io_context& context, std::vector<tcp::endpoint> endpoints, handler then,
                           std::chrono::milliseconds pause)
  : context_(context), pause_(pause), timer_(context), then_(std::move(then)) {
  auto order = in_turn(std::move(endpoints));
  waiting_.assign(order.begin(), order.end());
}

void connect_race::cancel() {
  then_ = nullptr;
  timer_.cancel();
  error_code ignored;
  for (auto& x : trying_) x.close(ignored);
}

void connect_race::next() {
  if (!then_) return;
  if (waiting_.empty()) {
    if (trying_.empty()) std::exchange(then_, nullptr)(asio::error::not_found, tcp::socket{context_});
    return;
  }
  if (trying_.size() >= max_in_flight) return;
  auto to = waiting_.front();
  waiting_.pop_front();
  auto which = trying_.emplace(trying_.end(), context_);
  which->async_connect(
      to, [self = shared_from_this(), which](error_code error) { self->on_connected(which, error); });
  arm();
}

void connect_race::arm() {
  if (waiting_.empty()) return;
  timer_.expires_after(pause_);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->next();
  });
}

void connect_race::on_connected(std::list<tcp::socket>::iterator which, error_code error) {
  auto socket = std::move(*which);
  trying_.erase(which);
  if (!then_) return;
  if (!error || (waiting_.empty() && trying_.empty())) {
    auto then = std::exchange(then_, nullptr);
    cancel();
    return then(error, std::move(socket));
  }
  if (!waiting_.empty()) next();
}

std::vector<connect_race::tcp::endpoint> in_turn(std::vector<connect_race::tcp::endpoint> endpoints) {
  std::deque<connect_race::tcp::endpoint> first, other;
  for (auto& x : endpoints)
    (x.protocol() == endpoints.front().protocol() ? first : other).push_back(std::move(x));
  std::vector<connect_race::tcp::endpoint> out;
  while (!first.empty() || !other.empty()) {
    for (auto* list : {&first, &other}) {
      if (list->empty()) continue;
      out.push_back(std::move(list->front()));
      list->pop_front();
    }
  }
  return out;
}

} // namespace weir
