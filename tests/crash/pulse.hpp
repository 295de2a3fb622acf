#pragma once

#include "net/client/ws_client.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace weir::test {

using json = nlohmann::json;

/// One client of a namespace of its own that asks for one thing after the other, for each as often as it
/// takes: what a namespace, a session, a run and their timers do. What it keeps is how long each took at
/// most.
class pulse {
public:
  enum class kind { publish, delivery, call, run_timer, causal_timer, nack_timer, receipt };
  static constexpr std::size_t kinds = 7;
  static constexpr std::array<const char*, kinds> names = {
      "publish", "delivery", "call", "run_timer", "causal_timer", "nack_timer", "receipt"};

  /// @param ns with the agent `echo` and the workflow `waits`, whose await ends by a time-out.
  pulse(std::string url, std::string ns);
  ~pulse();

  /// No more begins; what has begun is still waited for, `at_most` for all.
  void end(std::chrono::seconds at_most);

  /// The longest that one took, by kind.
  const std::array<std::chrono::milliseconds, kinds>& longest() const noexcept { return longest_; }
  std::size_t done() const noexcept { return done_; }
  const std::vector<std::string>& faults() const noexcept { return faults_; }

private:
  void run();
  bool try_once(kind what, const std::string& id);
  void connect();
  json ask(json frame);
  json await(const std::function<bool(const json&)>& wanted);
  bool await_event(const std::string& event_id);
  bool is_call_over(const std::string& target, const std::string& id);
  bool is_given_again(const std::string& id);

  std::string url_;
  std::string ns_;
  ws_client socket_;
  std::atomic<bool> stopping_{false};
  std::chrono::steady_clock::time_point give_up_at_{}; // written before stopping_
  std::array<std::chrono::milliseconds, kinds> longest_{};
  std::size_t done_ = 0;
  std::vector<std::string> faults_;
  std::thread thread_;
};

} // namespace weir::test
