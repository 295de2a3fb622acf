#pragma once

// What an agent keeps: JSON values under keys of its own.

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace weir {

struct refusal;
struct task_core;

/// An agent's keys in one namespace. They survive the agent, and the node as far as the namespace's
/// `durability` says; with `none` they last as long as the namespace runs. Taken from a task, which stays in
/// hand until what it asked for is done. Only on the agent's own thread; callbacks run there too, later, each
/// once.
///
/// Operations on one key are done in the order in which they were asked for, and no other agent can reach it.
/// A busy store is retried for some seconds. After that the callback gets the error; without a callback, and
/// for `get`, the task fails as if it had thrown (std::runtime_error).
class agent_state {
public:
  static constexpr std::size_t max_key_bytes = 128;
  static constexpr std::size_t max_value_bytes = 64 * 1024; ///< As JSON text.
  static constexpr std::size_t max_keys = 256; ///< Of one agent in one namespace; above it `413 too_large`.
  static constexpr std::size_t max_waiting = 1024; ///< Of one agent; one more throws std::length_error.

  using on_value = std::function<void(const nlohmann::json& value)>;
  using on_done = std::function<void(const refusal& error)>;
  using on_change = std::function<void(const nlohmann::json& value, const refusal& error)>;
  using change = std::function<nlohmann::json(const nlohmann::json& value)>;

  /// Reads a key; `then` gets null if there is none.
  /// @param key 1 to 128 bytes without control characters; else throws std::invalid_argument, as all verbs
  /// do.
  void get(const std::string& key, on_value then) const;

  /// Writes a key.
  /// @param value at most 64 KiB as JSON text; else throws std::length_error.
  /// @param ttl_ms for how long it is there; 0: until it is erased.
  void put(const std::string& key, const nlohmann::json& value, on_done then = {},
           std::int64_t ttl_ms = 0) const;

  /// Reads, changes and writes in one step. `by` gets null if there is no such key; it may run more than once
  /// when a restarted agent still had a write under way. An event is handled again after a crash, so a value
  /// that counts events should remember which one it counted last.
  void update(const std::string& key, change by, on_change then = {}, std::int64_t ttl_ms = 0) const;

  /// Erases a key; succeeds if there is none.
  void erase(const std::string& key, on_done then = {}) const;

private:
  friend class task;
  explicit agent_state(std::shared_ptr<task_core> job) : job_(std::move(job)) {}

  std::shared_ptr<task_core> job_;
};

} // namespace weir
