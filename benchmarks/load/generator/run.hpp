#pragma once

#include "benchmarks/load/generator/options.hpp"
#include "benchmarks/load/generator/pool.hpp"
#include "benchmarks/load/generator/server_usage.hpp"
#include "benchmarks/load/generator/traffic.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>

namespace weir::bench {

/// One run: the clients, the traffic, and the report that comes of them. What the modes have in common.
class run {
public:
  /// @param namespaces in the order in which streams name them.
  run(const options& settings, const std::vector<std::string>& namespaces);

  /// `<ns>-0` … , or `<ns>` where there is one.
  static std::vector<std::string> namespaces_of(const options& settings);

  /// Connects all clients and waits until each is ready. Throws std::runtime_error when they are not in time.
  void connect();

  /// Publishes as scheduled for that long, after the warm-up. @param watch is called at every turn.
  void open_loop(double seconds, const std::function<void()>& watch = {});

  /// Bursts, each after the last one has arrived everywhere. Gives false when one did not.
  bool bursts(std::uint32_t events, std::uint32_t count);

  /// Waits for what is still on its way.
  void settle(const std::function<void()>& watch = {});

  /// Turns the pool until then.
  void turn_until(std::int64_t at_ns);

  /// Ends the report and prints it. Gives the exit status.
  int finish();

  const options& settings() const noexcept { return settings_; }
  pool& clients() noexcept { return *clients_; }
  traffic& events() noexcept { return events_; }
  nlohmann::ordered_json& report() noexcept { return report_; }
  server_usage usage() const {
    return read_usage({settings_.server_pids.begin(), settings_.server_pids.end()});
  }

  /// Publishers that a rate per second takes.
  std::uint32_t publishers_for(double per_s) const;

  static nlohmann::ordered_json percentiles_ms(const latencies& ns);

private:
  void wait_for_start();
  void report_connects(double seconds);
  void report_traffic();
  void report_server();

  options settings_;
  std::unique_ptr<dialect> dialect_;
  traffic events_;
  std::unique_ptr<pool> clients_;
  server_usage before_, connected_, measured_, over_;
  server_usage generator_; // this process, when measuring began
  std::int64_t start_ns_ = 0;
  std::uint64_t received_before_ = 0;
  nlohmann::ordered_json report_;
};

} // namespace weir::bench
