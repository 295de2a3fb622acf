#pragma once

#include "actors/core/refusal.hpp"
#include "actors/namespace/relay.hpp"
#include "net/connection_context.hpp"
#include "net/namespace_census.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace weir {

/// The relays of one I/O thread: made when the first connection of a namespace comes, ended some time after
/// the last one went, made again when they died. Their number is bounded by `limits.namespaces`, which the
/// host keeps: a relay that is refused there ends like any other without connections.
class relay_registry : public namespace_gate {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A relay without connections is ended after this.
  static constexpr std::chrono::seconds idle_timeout{10};

  relay_registry(io_unit& unit, caf::actor host, event_encoder encode,
                 std::shared_ptr<namespace_census> census, std::uint64_t max_relays);
  ~relay_registry() override;

  std::variant<relay_handle, refusal> enter(const std::string& ns, std::uint64_t most) override;
  void leave(const std::string& ns) override;

  /// Ends the relays that have been idle for long enough.
  void sweep(time_point now);

  /// Ends all relays.
  void clear();

  std::size_t size() const noexcept { return relays_.size(); }

private:
  struct entry {
    caf::actor actor;
    relay* port = nullptr;
    std::shared_ptr<bool> alive;
    std::uint64_t connections = 0;
    time_point idle_since{}; // meaningful while there are no connections
  };

  void start(const std::string& ns, entry& x);
  static void end(entry& x);

  io_unit& unit_;
  caf::actor host_;
  event_encoder encode_;
  std::shared_ptr<namespace_census> census_;
  std::uint64_t max_relays_;
  std::shared_ptr<relay_metrics_book> metrics_;
  std::map<std::string, entry, std::less<>> relays_;
};

} // namespace weir
