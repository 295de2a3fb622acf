#pragma once

#include <caf/telemetry/gauge.hpp>

#include <cstddef>
#include <cstdint>
#include <list>

namespace weir {

/// A socket that speaks HTTP.
class http_connection {
public:
  virtual ~http_connection() = default;

  /// Closes it: others need its place.
  virtual void make_room() = 0;

private:
  friend class http_connections;
  enum class state : std::uint8_t { out, waiting, busy };

  std::list<http_connection*>::iterator place_;
  state state_ = state::out;
};

/// The sockets of one I/O thread that speak HTTP. Bounded; policy: the one that has waited longest without a
/// request in hand is closed, so that sockets that say nothing keep nobody out. Plain.
class http_connections {
public:
  /// @param count of them all, from now on.
  void count_in(caf::telemetry::int_gauge& count) { count_ = &count; }

  /// A new one, which waits. Closes one when there are more than `max`: the new one if all others are busy.
  void join(http_connection& x, std::size_t max);

  void busy(http_connection& x);
  void idle(http_connection& x);
  void leave(http_connection& x);

  std::size_t size() const noexcept { return size_; }

private:
  void unlink(http_connection& x);

  caf::telemetry::int_gauge* count_ = nullptr;
  std::list<http_connection*> waiting_; // the one that has waited longest first
  std::size_t size_ = 0;
};

} // namespace weir
