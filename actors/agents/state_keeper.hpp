#pragma once

#include "actors/agents/state.hpp"
#include "actors/store/store_link.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace weir {

/// An agent's keys in the store, as part of its host: `agent/<name>/<key>` among the namespace's. Operations
/// on one key are done one after the other, others at once. Bounded by `agent_state::max_waiting`; overflow
/// policy: std::length_error. All of it in the host's context, and `then` always runs later.
class state_keeper {
public:
  struct config {
    std::string ns;
    std::string agent;
    store_handle store; ///< Empty: `memory` is used.
    durability keep = durability::process;
    std::shared_ptr<class store> memory; ///< Of one agent, so that it outlives its crashes.
    std::function<std::int64_t()> expiry_clock_ms;
  };

  using on_entry = std::function<void(const std::optional<key_entry>&, const refusal&)>;
  using on_done = std::function<void(const refusal&)>;
  /// The new value of a key, from what is there. Nothing: it is left as it is, and `then` gets 499.
  using change = std::function<std::optional<std::string>(const std::optional<key_entry>&)>;
  using on_change = std::function<void(const std::string&, const refusal&)>;

  /// @param self the host, must outlive this; it hands over its `store_committed` and `store_answer`.
  state_keeper(caf::event_based_actor* self, config settings);
  ~state_keeper() { *alive_ = false; }

  void get(const std::string& key, on_entry then);
  void put(const std::string& key, std::string value, std::int64_t ttl_ms, on_done then);
  void update(const std::string& key, change by, std::int64_t ttl_ms, on_change then);
  void erase(const std::string& key, on_done then);

  void on(const store_committed& what) { link_.on_committed(what); }
  void on(store_answer& what) { link_.on_answered(what); }

private:
  using answered = std::function<void(store_answer&)>;
  using committed = std::function<void(const refusal&)>;

  void in_order(const std::string& key, std::function<void()> start);
  void next(const std::string& key);
  void read(store_link::request what, answered then, std::uint32_t attempt = 1);
  void write(store_write what, committed then, std::uint32_t attempt = 1);
  void write_new(const std::string& key, key_put what, committed then);
  void try_update(const std::string& key, change by, std::int64_t ttl_ms, on_change then,
                  std::uint32_t attempt);
  void with_room_for(const std::string& key, bool fresh, committed then);
  void count_keys(std::set<std::string> found, std::function<void(const refusal&)> then);
  template <class F>
  void later(std::int64_t ms, F what);
  std::int64_t now_ms() const;
  key_put put_of(const std::string& key, std::string value, std::int64_t ttl_ms) const;
  std::string path(const std::string& key) const { return prefix_ + key; }

  caf::event_based_actor* self_;
  config settings_;
  std::string prefix_;
  store_link link_;
  std::map<std::string, std::deque<std::function<void()>>> queues_;
  std::size_t waiting_ = 0;
  std::optional<std::set<std::string>> keys_; // those that are there, once they have been counted
  std::set<std::string> on_their_way_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace weir
