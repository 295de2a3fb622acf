#include "net/drain_round.hpp"

#include "net/connection.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <random>

namespace weir {

drain_round::drain_round(io_thread& unit, const connection_context& shared, std::chrono::milliseconds window)
  : unit_(unit), plan_(shared.connections.size(), window, std::random_device{}()) {
  waiting_.reserve(shared.connections.size());
  for (auto* x : shared.connections) waiting_.emplace_back(caf::actor_cast<caf::actor>(x));
}

drain_round::~drain_round() { unit_.forget(*this); }

void drain_round::tell_some() {
  for (std::size_t n = 0; n < per_turn && !waiting_.empty(); ++n) {
    auto* next = dynamic_cast<connection*>(caf::actor_cast<caf::abstract_actor*>(waiting_.back()));
    next->drain(plan_.next_delay_ms()); // heeds that it may have gone since
    waiting_.pop_back();
  }
  if (!waiting_.empty()) unit_.at_turn_end(*this);
}

/// A callback that is posted now runs in the next turn.
void drain_round::on_turn_end() {
  boost::asio::post(unit_.context(), [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->tell_some();
  });
}

} // namespace weir
