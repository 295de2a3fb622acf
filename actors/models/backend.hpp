#pragma once

#include "actors/messages/models.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weir {

/// What a backend reports of one call, on the thread that it lives on. After `on_done` or `on_failed` it says
/// no more. The call may be destroyed from inside any of them.
struct backend_events {
  std::function<void(std::string text)> on_piece; ///< Empty: no text, but a sign of life.
  std::function<void(answer_end)> on_done;
  std::function<void(refusal error, bool retryable)> on_failed;
};

/// A call that a backend has in hand. Destroying it ends the call at once: the upstream request is closed and
/// no event comes any more.
class backend_call {
public:
  virtual ~backend_call() = default;
};

/// Something that answers chats. One object serves all workers of a pool; it lives on one I/O thread and is
/// called only there.
class backend {
public:
  virtual ~backend() = default;

  /// Begins a call. Events come later, never from inside `start`.
  /// @param self the worker that asks: for timers on its clock.
  virtual std::unique_ptr<backend_call> start(const model_request& what, backend_events events,
                                              caf::scheduled_actor& self) = 0;
};

/// Makes the backend of one pool. Called on the I/O thread that it is to live on.
using backend_factory = std::function<std::shared_ptr<backend>()>;

} // namespace weir
