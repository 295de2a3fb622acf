#include "net/http/http_connections.hpp"

namespace weir {

void http_connections::join(http_connection& x, std::size_t max) {
  ++size_;
  if (count_ != nullptr) count_->inc();
  x.state_ = http_connection::state::busy;
  idle(x);
  if (size_ > max) waiting_.front()->make_room();
}

void http_connections::busy(http_connection& x) {
  if (x.state_ != http_connection::state::waiting) return;
  unlink(x);
  x.state_ = http_connection::state::busy;
}

void http_connections::idle(http_connection& x) {
  if (x.state_ == http_connection::state::out) return;
  unlink(x);
  x.place_ = waiting_.insert(waiting_.end(), &x);
  x.state_ = http_connection::state::waiting;
}

void http_connections::leave(http_connection& x) {
  if (x.state_ == http_connection::state::out) return;
  unlink(x);
  x.state_ = http_connection::state::out;
  --size_;
  if (count_ != nullptr) count_->dec();
}

void http_connections::unlink(http_connection& x) {
  if (x.state_ == http_connection::state::waiting) waiting_.erase(x.place_);
}

} // namespace weir
