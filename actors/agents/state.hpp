#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace weir {

struct refusal;
struct task_core;

/// What an agent keeps: JSON values under keys of its own, one set for each namespace. They survive the
/// agent, and the node as far as the namespace's `durability` goes; with `none` they last as long as the
/// namespace runs. Taken from a task, which stays in hand until what it asked for is done.
///
/// What is asked of one key happens in the order in which it was asked, and no other agent can touch it.
/// A store that is busy is asked again for some seconds. What is refused after all goes to `then` as `no`;
/// where `then` was not given, and for `get`, it is a crash of the task (std::runtime_error).
class agent_state {
public:
  static constexpr std::size_t max_key_bytes = 128;
  static constexpr std::size_t max_value_bytes = 64 * 1024; ///< As JSON text.
  static constexpr std::size_t max_keys = 256; ///< Of one agent in one namespace; above it `413 too_large`.
  static constexpr std::size_t max_waiting = 1024; ///< Of one agent; one more throws std::length_error.

  using on_value = std::function<void(const nlohmann::json& value)>;
  using on_done = std::function<void(const refusal& no)>;
  using on_change = std::function<void(const nlohmann::json& value, const refusal& no)>;
  using change = std::function<nlohmann::json(const nlohmann::json& value)>;

  /// @param key 1 to 128 bytes without control characters; else throws std::invalid_argument, as all do.
  /// `then` gets null when the key is not there.
  void get(const std::string& key, on_value then) const;

  /// @param value at most 64 KiB as JSON text; else throws std::length_error.
  /// @param ttl_ms how long the key is there; 0: until it is erased.
  void put(const std::string& key, const nlohmann::json& value, on_done then = {},
           std::int64_t ttl_ms = 0) const;

  /// Reads, changes and writes in one step. `by` gets null when the key is not there, and may run again when
  /// an earlier life of the agent had something on its way. After a crash the event is handled again, so what
  /// must count once remembers in its value which event it has seen.
  void update(const std::string& key, change by, on_change then = {}, std::int64_t ttl_ms = 0) const;

  /// Done when the key is not there, too.
  void erase(const std::string& key, on_done then = {}) const;

private:
  friend class task;
  explicit agent_state(std::shared_ptr<task_core> job) : job_(std::move(job)) {}

  std::shared_ptr<task_core> job_;
};

} // namespace weir
