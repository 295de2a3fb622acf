#pragma once

#include "net/connection_context.hpp"
#include "net/drain_plan.hpp"
#include "net/io_thread.hpp"

#include <caf/actor.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace weir {

/// Tells the connections of one I/O thread when to move. Only so many each turn: what the others are sent in
/// the meantime does not wait for all of them.
class drain_round : public std::enable_shared_from_this<drain_round>, private turn_hook {
public:
  static constexpr std::size_t per_turn = 256;

  /// Of those that are open now. On their thread, as all that follows.
  drain_round(io_thread& unit, const connection_context& shared, std::chrono::milliseconds window);
  ~drain_round() override;

  void start() { tell_some(); }

private:
  void tell_some();
  void on_turn_end() override;

  io_thread& unit_;
  std::vector<caf::actor> waiting_; // told from the end on
  drain_plan plan_;
};

} // namespace weir
