#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Which of an agent's functions runs.
enum class handler_kind : std::uint8_t { none, on_start, on_event, on_call, timer, continuation };

const char* to_string(handler_kind x) noexcept;

/// What one agent does now: written by the agent as it enters and leaves a handler, read by any thread.
/// Without a lock, as the reader must also see a handler that never comes back.
class handler_mark {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A longer event id is cut.
  static constexpr std::size_t max_id_bytes = 192;

  struct reading {
    handler_kind handler = handler_kind::none;
    std::string event_id; ///< What it handles; empty: a timer's turn, or the agent's start.
    std::chrono::nanoseconds busy{0};
    std::uint64_t number = 0; ///< Of the handler among all that the agent has run.
  };

  /// From the agent's own thread only.
  void enter(handler_kind what, std::string_view event_id, time_point now) noexcept;
  void leave() noexcept;

  /// Nothing: no handler runs, or one begins or ends at this moment.
  std::optional<reading> read(time_point now) const;

private:
  std::atomic<std::uint64_t> version_{0}; // odd while the rest is written
  std::atomic<std::int64_t> since_ns_{0};
  std::atomic<std::uint64_t> number_{0};
  std::atomic<handler_kind> handler_{handler_kind::none}; // none: no handler runs
  std::atomic<std::size_t> id_bytes_{0};
  std::array<std::atomic<std::uint64_t>, max_id_bytes / 8> id_{};
};

/// An agent whose handlers are watched.
struct watched_agent {
  watched_agent(std::string ns, std::string agent) : ns(std::move(ns)), agent(std::move(agent)) {}

  const std::string ns;
  const std::string agent;
  handler_mark mark;
};

/// A handler that has run for too long.
struct overdue_handler {
  std::string ns;
  std::string agent;
  handler_mark::reading what;
  bool is_new = false; ///< It was not overdue when this was last asked.
};

/// "default: on_call of agent greeter has not returned for 1250 ms; it handles cli/m1".
std::string describe(const overdue_handler& x);

/// All agents that are watched. Not for more than one thread at a time. One entry for each agent that lives.
class watched_agents {
public:
  void add(std::weak_ptr<const watched_agent> what) { all_.push_back({std::move(what), 0}); }

  /// Those that run for longer than `limit`; forgets agents that are gone.
  std::vector<overdue_handler> overdue(std::chrono::nanoseconds limit, handler_mark::time_point now);

  std::size_t size() const noexcept { return all_.size(); }

private:
  struct entry {
    std::weak_ptr<const watched_agent> what;
    std::uint64_t told = 0; // the number of the last handler that was told of
  };

  std::vector<entry> all_;
};

/// Where an agent says that it is there to be watched. From any thread.
class handler_watch {
public:
  virtual ~handler_watch() = default;
  virtual void add(std::weak_ptr<const watched_agent> what) = 0;
};

} // namespace weir
