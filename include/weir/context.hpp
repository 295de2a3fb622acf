#pragma once

// What an agent has beside its tasks: its name, its log, its metrics and timers.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace caf {
class actor_system;
}

namespace weir {

class agent_host;
class task;

namespace testing {
class agent_test;
}

/// An agent's lines in the node's log. Each names the namespace and the agent (as fields with `log.format`
/// json). Control characters become blanks, and a line of more than 4 KiB is cut and says so. Thread-safe.
class agent_log {
public:
  static constexpr std::size_t max_line_bytes = 4096;

  agent_log(std::string ns, std::string agent) : ns_(std::move(ns)), agent_(std::move(agent)) {}

  void debug(std::string_view text) const;
  void info(std::string_view text) const;
  void warn(std::string_view text) const;
  void error(std::string_view text) const;

private:
  std::string ns_;
  std::string agent_;
};

/// An agent's own metrics, on the node's `/metrics` as `weir_agent_NAME` with the labels `agent` and
/// `namespace`. Only on the agent's own thread.
///
/// A name is 1 to 48 of `[a-z0-9_]`, begins with a letter, and is one kind of metric on a node; anything else
/// throws std::invalid_argument. An agent has at most 32 names: what is recorded under further ones is
/// dropped, counted in `weir_agents_metrics_refused_total` and logged once.
class agent_metrics {
public:
  static constexpr std::size_t max_names = 32;

  agent_metrics(caf::actor_system& sys, std::string ns, std::string agent);
  ~agent_metrics();

  /// Adds to a counter, `weir_agent_NAME_total`. @param by 0 or more; else throws std::invalid_argument.
  void count(const std::string& name, std::int64_t by = 1);

  /// Sets a gauge.
  void gauge(const std::string& name, double value);

  /// Adds a value to a histogram. @param seconds the buckets reach from 1 ms to 60 s.
  void observe(const std::string& name, double seconds);

private:
  struct figures;
  std::unique_ptr<figures> figures_;
};

/// What an agent has of its node beside its tasks. Only on the agent's own thread, except `log`.
class agent_context {
public:
  static constexpr std::size_t max_timers = 64;

  const std::string& name() const;     ///< The agent's, as configured.
  const std::string& ns() const;       ///< The namespace that it works for.
  const std::string& settings() const; ///< `agents.NAME.settings` of the configuration, as JSON text.

  const agent_log& log() const { return log_; }
  agent_metrics& metrics() { return metrics_; }

  /// Runs `then` every `ms`, first after `ms`, each time with a task of its own, which may emit, ask, call
  /// and keep state. While that task is in hand the next turns are skipped and counted in
  /// `weir_agents_timer_skipped_total`. Timers end with the agent; one that is restarted sets them again.
  /// @param ms 1 or more; else throws std::invalid_argument.
  /// @returns a number for `cancel`.
  /// @throws std::length_error above `max_timers`.
  std::uint64_t every(std::int64_t ms, std::function<void(task)> then);

  /// Runs `then` once. @param ms 0 or more. Otherwise as `every`.
  std::uint64_t after(std::int64_t ms, std::function<void(task)> then);

  /// Ends a timer; does nothing if it has ended.
  void cancel(std::uint64_t timer);

private:
  friend class agent_host;
  friend class testing::agent_test;
  explicit agent_context(agent_host* host);

  agent_host* host_;
  agent_log log_;
  agent_metrics metrics_;
};

} // namespace weir
