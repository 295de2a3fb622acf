#pragma once

#include "benchmarks/load/generator/order_check.hpp"
#include "benchmarks/load/generator/pacer.hpp"
#include "benchmarks/load/generator/pool.hpp"
#include "benchmarks/load/generator/stamp.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace weir::bench {

/// Some subscribers in groups, and the events that come to them.
struct stream_settings {
  std::string name;           ///< In the report.
  std::uint16_t first_ns = 0; ///< Groups are spread over the namespaces from this one on, in turn.
  std::uint16_t namespaces = 1;
  std::uint32_t groups = 1;
  std::uint32_t subscribers = 0; ///< The n-th is in group n % groups.
  std::uint32_t publishers = 1;  ///< Connections per namespace, or per group where the dialect wants that.
  double per_s = 0;              ///< Events per group.
  bool echo = false;             ///< Each subscriber publishes to its own group.
  bool skip_when_full = false;   ///< A publisher that the server does not read leaves out what is due.
};

/// What a part of the subscribers got.
struct cohort_figures {
  std::string name;
  std::vector<latencies> ns;    ///< From due to read, by phase.
  std::uint32_t in_phase = 0;   ///< Clients that have an event of the phase that is now, and so all before.
  std::int64_t in_phase_ns = 0; ///< When the last of these got it.
};

/// Counts over all streams. Each event is meant for all subscribers of its group.
struct traffic_counts {
  std::uint64_t sent = 0, accepted = 0, refused = 0, left_out = 0;
  std::uint64_t expected = 0, received = 0; ///< Deliveries.
  std::uint64_t lost = 0, late = 0, doubled = 0;
  std::uint64_t misrouted = 0;     ///< Of another group, or not ours at all.
  std::uint64_t seq_backwards = 0; ///< The server's own numbers did not grow.

  bool good() const { return lost + late + doubled + misrouted + seq_backwards == 0; }
};

/// Publishes what is due and checks what arrives: order, loss, doubles, latencies.
class traffic : public pool_listener {
public:
  struct config {
    std::size_t payload_bytes = 107;
    bool publishes = true;         ///< Otherwise another process does; the schedule is the same.
    bool subscribes = true;        ///< Otherwise others do.
    bool keeps_unanswered = false; ///< And publishes it again after a reconnect.
    int slow_cohort = -1;          ///< Its receive buffers are small.
  };

  traffic(const config& settings, const dialect& speaks) : settings_(settings), dialect_(speaks) {}

  /// Adds the stream's clients to the pool. Before any of them connects.
  void add_stream(const stream_settings& settings, pool& clients);

  /// A cohort for some of the subscribers. Each stream has made its own, in order.
  std::uint8_t add_cohort(const std::string& name);

  // -- the schedule

  /// Begins the open loop: events are due from `start_ns` on for that long; those due before `measure_ns` are
  /// checked but their latencies do not count.
  void start(std::int64_t start_ns, double seconds, std::int64_t measure_ns);

  /// Events due from now on belong to the next phase.
  void next_phase(std::int64_t now);

  /// When the next event is due; `pacer::never` after the last.
  std::int64_t next_ns() const;

  /// Publishes what is due by now.
  void publish_due(std::int64_t now, pool& clients);

  /// Publishes that many events to each group of each stream at once, all of them due now.
  void publish_burst(std::uint32_t events, std::int64_t now, pool& clients);

  /// No more events are due.
  void stop();

  /// All that was accepted has arrived, and each publish was answered.
  bool complete() const;

  // -- figures

  traffic_counts counts(pool& clients) const;
  std::uint64_t received() const noexcept { return check_.received(); }
  std::vector<cohort_figures>& cohorts() noexcept { return cohorts_; }
  const latencies& late_ns() const noexcept { return late_ns_; }
  const std::map<std::string, std::uint64_t>& refusals() const noexcept { return refusals_; }
  std::uint64_t sent_by(std::size_t stream) const;
  std::uint64_t refused_of(std::size_t stream) const;
  std::int64_t last_delivery_ns() const noexcept { return last_delivery_ns_; }

  void on_ready(client& x) override;
  void on_delivery(client& x, std::string_view body, std::uint64_t seq, std::int64_t now) override;
  void on_accepted(client& x, const event_name& what) override;
  void on_refused(client& x, const event_name& what, int code, std::string_view reason) override;

private:
  struct lane {
    std::uint32_t group = 0;
    std::uint32_t publisher = 0;
    std::uint32_t sent = 0;
    std::uint32_t refused = 0;
  };

  /// Of all lanes of a stream.
  std::uint64_t sum_of(std::size_t stream, std::uint32_t lane::*figure) const;

  struct group {
    std::uint32_t stream = 0;
    std::uint16_t ns = 0;
    std::uint32_t first_lane = 0;
    std::uint32_t lanes = 1;
    std::uint32_t receivers = 0;
    std::uint64_t events = 0;
  };

  struct stream {
    stream_settings settings;
    std::uint32_t first_group = 0;
    pacer schedule;
  };

  struct unanswered {
    event_name name;
    std::uint32_t group;
    std::int64_t due_ns;
  };

  struct publisher {
    std::uint32_t client = 0;
    std::string batch; // of this turn
    std::deque<unanswered> in_flight;
  };

  void add_groups(const stream& to, pool& clients);
  void add_subscribers(const stream& to, pool& clients);
  std::uint32_t add_publisher(std::uint16_t ns, std::uint32_t group, pool& clients);
  void publish(std::uint32_t group, std::int64_t due_ns, pool& clients);
  void append(publisher& by, const event_name& name, std::uint32_t group, std::int64_t due_ns);
  void send_batches(pool& clients);
  bool settle(client& x, const event_name& what);

  config settings_;
  const dialect& dialect_;
  pool* pool_ = nullptr;
  std::vector<stream> streams_;
  std::vector<group> groups_;
  std::vector<lane> lanes_;
  std::vector<publisher> publishers_;
  std::vector<std::uint32_t> with_batch_;
  std::vector<cohort_figures> cohorts_;
  std::vector<std::int64_t> phases_{0}; // when each begins
  order_check check_;
  latencies late_ns_;
  std::map<std::string, std::uint64_t> refusals_; // by code and reason
  std::uint64_t expected_ = 0;                    // deliveries, of what was sent and not refused
  std::uint64_t sent_ = 0, accepted_ = 0, refused_ = 0, left_out_ = 0, misrouted_ = 0, seq_backwards_ = 0;
  std::int64_t last_delivery_ns_ = 0;
  std::string body_;
};

} // namespace weir::bench
