#include "net/openai/idle_connections.hpp"

namespace weir {

idle_connections::~idle_connections() { count_->dec(static_cast<std::int64_t>(waiting_.size())); }

std::unique_ptr<upstream> idle_connections::take() {
  while (!waiting_.empty()) {
    auto connection = std::move(waiting_.back().connection);
    waiting_.pop_back();
    count_->dec();
    if (connection->is_quiet()) return connection;
  }
  return nullptr;
}

void idle_connections::put(std::unique_ptr<upstream> connection) {
  if (waiting_.size() >= limit_) close_oldest();
  waiting_.push_back({std::move(connection), std::chrono::steady_clock::now() + idle_time});
  count_->inc();
  if (waiting_.size() == 1) arm();
}

void idle_connections::arm() {
  timer_.expires_at(waiting_.front().until);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    auto self = weak.lock();
    if (self && !error) self->close_old();
  });
}

void idle_connections::close_old() {
  auto now = std::chrono::steady_clock::now();
  while (!waiting_.empty() && waiting_.front().until <= now) close_oldest();
  if (!waiting_.empty()) arm();
}

void idle_connections::close_oldest() {
  waiting_.pop_front();
  count_->dec();
}

} // namespace weir
