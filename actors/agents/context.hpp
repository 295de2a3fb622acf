#pragma once

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

/// An agent's lines in the node's log. Each says the namespace and the agent: as fields in the format `json`.
/// Control characters become blanks, and what is longer than 4 KiB is cut and says so. From any thread.
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

/// An agent's own figures on the node's `/metrics`, as `weir_agent_<name>` with the labels `agent` and
/// `namespace`. A name is 1 to 48 of a-z, 0-9 and _, begins with a letter, and is one kind of figure on a
/// node; else std::invalid_argument. At most 32 names for an agent: figures under further ones are not kept,
/// which is counted in `weir_agents_metrics_refused_total` and logged once.
class agent_metrics {
public:
  static constexpr std::size_t max_names = 32;

  agent_metrics(caf::actor_system& sys, std::string ns, std::string agent);
  ~agent_metrics();

  /// Counts up, as `weir_agent_<name>_total`. @param by 0 or more; else std::invalid_argument.
  void count(const std::string& name, std::int64_t by = 1);

  /// What is the case now.
  void gauge(const std::string& name, double value);

  /// One value of a distribution: seconds, for which the buckets are made (1 ms to 60 s).
  void observe(const std::string& name, double seconds);

private:
  struct figures;
  std::unique_ptr<figures> figures_;
};

/// What an agent has of its node beside its tasks. Only on the agent's own thread, except `log`.
class agent_context {
public:
  static constexpr std::size_t max_timers = 64;

  /// Its name and namespace, and `agents.NAME.settings` of the configuration as JSON text.
  const std::string& name() const;
  const std::string& ns() const;
  const std::string& settings() const;

  const agent_log& log() const { return log_; }
  agent_metrics& metrics() { return metrics_; }

  /// Runs `what` again and again, first after `ms`, with a task of its own each time: it may emit, ask, call
  /// and keep state. While one such task is in hand its next turn is left out, and counted in
  /// `weir_agents_timer_skipped_total`. Timers end with the agent: one that crashed sets them again.
  /// @param ms 1 or more; else throws std::invalid_argument. More than 64 timers: std::length_error.
  /// @returns a number for `cancel`.
  std::uint64_t every(std::int64_t ms, std::function<void(task)> what);

  /// Once. @param ms 0 or more.
  std::uint64_t after(std::int64_t ms, std::function<void(task)> what);

  /// Nothing if it is over.
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
