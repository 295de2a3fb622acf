#pragma once

#include "actors/core/instant.hpp"
#include "actors/messages/namespace.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// Who is there: each client with its connections, from the first that came to the last that went. Tells
/// joins and leaves one by one up to a rate, and above it as counts, so that a crowd that comes at once does
/// not make as many events for everyone as there are in it. Bounded by the namespace's connections.
class presence_book {
public:
  /// @param per_s so many joins and leaves in a second are told one by one.
  explicit presence_book(std::uint64_t per_s) : per_s_(per_s) {}

  /// A connection of a client is there. Gives the event to tell now, if any.
  /// @param meta JSON text of an object.
  std::optional<server_event> join(const std::string& client_id, const std::string& meta, instant now);

  /// A connection is gone. As above.
  std::optional<server_event> leave(const std::string& client_id, std::int64_t now_ms);

  /// Tells what was counted together, once the second that it was in is over.
  std::vector<server_event> flush(std::int64_t now_ms);

  /// When `flush` has something to tell; 0: it has not.
  std::int64_t next_flush_ms() const noexcept { return joined_ + left_ > 0 ? second_ms_ + 1000 : 0; }

  /// The first clients by name, as the request says.
  /// @param more set to whether there are others behind them.
  std::vector<present_client> list(const presence_request& what, bool& more) const;

  std::uint64_t count() const noexcept { return clients_.size(); }

private:
  bool within_rate(std::int64_t now_ms);

  std::uint64_t per_s_;
  std::map<std::string, present_client> clients_;
  std::int64_t second_ms_ = 0; // when the second began
  std::uint64_t told_ = 0;     // in it
  std::uint64_t joined_ = 0;   // not told one by one
  std::uint64_t left_ = 0;
};

} // namespace weir
