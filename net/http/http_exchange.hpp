#pragma once

#include "net/http/http_message.hpp"
#include "net/transport.hpp"

#include <caf/actor.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace weir {

/// A connection as its socket sees it.
struct opened_connection {
  transport_listener* listener = nullptr;
  caf::actor actor; ///< Keeps the listener alive for as long as the socket may call it.
};

/// One request and its answer, for the handler of a route. Same thread as the socket. Whoever holds it may
/// answer later: the connection's next request waits until then. When nobody holds it any more and it was not
/// answered, the client is told `500`.
///
/// An answer is either whole (`reply`) or a stream: `begin`, any number of `write`s, `end`.
class http_exchange {
public:
  virtual ~http_exchange() = default;

  virtual http_request& request() = 0;

  /// The whole answer. Only the first one counts.
  virtual void reply(http_reply what) = 0;

  /// Begins a stream. @param head its body goes first.
  virtual void begin(http_reply head) = 0;

  /// Adds to a stream. @returns whether the kernel has it all. Else nothing may be written until
  /// `on_writable` was called: what waits for a reader is bounded by one such write.
  virtual bool write(std::string_view piece) = 0;

  /// Ends a stream in order. Without it the connection is cut when the exchange goes, so that the reader
  /// knows that something is missing.
  virtual void end() = 0;

  /// False once the client has gone or the answer is done: the rest is written to nobody.
  virtual bool is_open() const = 0;

  /// Called when a `write` that was not taken at once has been.
  virtual void on_writable(std::function<void()> call) = 0;

  /// Called once when the client goes before its answer is done. Not before a whole answer of which it may
  /// still wait: a client may close its own side after its request.
  virtual void on_gone(std::function<void()> call) = 0;
};

} // namespace weir
