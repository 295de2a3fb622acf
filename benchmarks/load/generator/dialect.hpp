#pragma once

#include "benchmarks/load/generator/ws_frames.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weir::bench {

/// What one connection is for. Its subject is `bench.<group>.m`, in its namespace.
struct endpoint {
  std::string_view ns;
  std::string_view id_prefix; ///< The client's id is this and its number.
  std::uint32_t number = 0;
  std::uint32_t group = 0;
  bool subscribes = false;
  bool publishes = false;

  std::string client_id() const { return std::string{id_prefix} + std::to_string(number); }
};

/// Names an event that was published.
struct event_name {
  std::uint32_t lane = 0;
  std::uint32_t number = 0;
};

/// Who hears what a dialect makes of what the server sends.
class dialect_sink {
public:
  virtual ~dialect_sink() = default;

  virtual void send(ws_op op, std::string_view payload) = 0;

  /// The connection can do what it is for.
  virtual void on_ready() = 0;
  /// The server gave what brings the subscriptions back. @param recovered it did so just now, in full.
  virtual void on_session(std::string_view token, bool recovered) = 0;
  /// Events up to this one need not come again.
  virtual void on_position(std::uint64_t seq) = 0;
  /// @param seq 0 where the server has none.
  virtual void on_delivery(std::string_view body, std::uint64_t seq) = 0;
  virtual void on_accepted(const event_name& what) = 0;
  virtual void on_refused(const event_name& what, int code, std::string_view reason) = 0;
  /// Go elsewhere, after this long.
  virtual void on_drain(std::int64_t delay_ms) = 0;
  /// Anything else worth counting, by name.
  virtual void on_notice(std::string_view name) = 0;
};

/// What a server speaks inside WebSocket frames. One object serves all connections; what it must remember of
/// one is in `pending`, which is that connection's own.
class dialect {
public:
  /// What a publishing connection can publish to.
  enum class scope { group, ns, all };

  struct traits {
    scope publishes_to = scope::ns;
    bool duplex = true;        ///< One connection can publish and subscribe.
    bool acknowledges = false; ///< Each publish is answered; repeating one that was not is harmless.
    bool resumes = false;      ///< A session brings back what was missed.
  };

  virtual ~dialect() = default;

  virtual traits can() const = 0;
  virtual std::string path(const endpoint& of) const = 0;
  virtual std::string_view subprotocol() const { return {}; }

  /// The upgrade went through. @param session empty for a new one.
  virtual void on_open(const endpoint& of, std::string_view session, std::uint64_t last_seq,
                       dialect_sink& to) const = 0;
  virtual void on_message(const endpoint& of, std::string_view payload, std::string& pending,
                          dialect_sink& to) const = 0;

  /// Adds the frame that publishes `body` to the endpoint's subject.
  virtual void append_publish(std::string& out, const endpoint& to, const event_name& what,
                              std::string_view body) const = 0;
};

struct dialect_options {
  bool ephemeral = false; ///< Weir: events that are not kept.
};

/// Throws std::invalid_argument for a name that it does not know.
std::unique_ptr<dialect> make_dialect(std::string_view name, const dialect_options& options);

/// `bench.<group>.m`.
std::string subject_of(std::uint32_t group);

} // namespace weir::bench
