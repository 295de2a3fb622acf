#pragma once

#include "actors/models/messages.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace weir {

/// What a backend reports of one call, in its own thread's time. After `on_done` or `on_failed` it says no more.
struct backend_events {
  std::function<void(std::string text)> on_piece;
  std::function<void(token_usage)> on_done;
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
  virtual std::unique_ptr<backend_call> start(const model_request& what, backend_events events) = 0;
};

} // namespace weir
