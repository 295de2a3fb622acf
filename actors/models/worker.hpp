#pragma once

#include "actors/core/io_unit.hpp"
#include "actors/models/attempt_watch.hpp"
#include "actors/models/backend.hpp"
#include "actors/models/config.hpp"
#include "actors/models/piece_buffer.hpp"

#include <caf/disposable.hpp>

#include <memory>

namespace weir {

/// The one backend that a pool's workers share. Made by the first of them and gone with the last, so that it
/// is only ever touched on their thread, whoever else holds the slot.
struct backend_slot {
  backend_factory make;
  std::weak_ptr<backend> current;
};

/// Does one attempt at a time and then pulls the next from its pool. It lives on the I/O thread of its
/// backend and sends pieces straight to the caller. Whatever the backend does, an attempt ends within its
/// limits: then the backend's call is destroyed.
class model_worker : public io_actor {
public:
  model_worker(caf::actor_config& cfg, io_unit& unit, caf::actor pool, model_config settings,
               std::shared_ptr<backend_slot> slot);

  caf::behavior make_behavior() override;
  void on_exit() override;

  void begin(model_assignment& work);
  void cancel(std::uint64_t ticket);

private:
  void on_piece(const std::string& text);
  void on_done(answer_end end);
  void on_failed(refusal error, bool retryable);

  void watch();
  void check_limits();
  void schedule_flush();
  void send_text(std::string text);
  bool is_backends_fault(attempt_watch::verdict what) const;
  void finish(const char* outcome, bool backend_failed = false);

  caf::actor pool_;
  model_config settings_;
  std::shared_ptr<backend_slot> slot_;
  std::shared_ptr<backend> backend_;

  std::uint64_t ticket_ = 0; // 0: idle
  std::uint64_t id_ = 0;
  std::int64_t queued_ms_ = 0;
  caf::actor sink_;
  std::unique_ptr<backend_call> call_;
  piece_buffer buffer_;
  attempt_watch limits_;
  caf::disposable limit_timer_;
  attempt_watch::time_point limit_timer_at_{};
  caf::disposable flush_timer_;
};

} // namespace weir
