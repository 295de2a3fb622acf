#pragma once

#include "actors/core/gauge_share.hpp"
#include "actors/namespace/event_stages.hpp"

#include <caf/actor_system.hpp>
#include <caf/telemetry/counter.hpp>

#include <map>
#include <memory>
#include <string>

namespace weir {

/// What is counted of the namespaces of one label: see `namespace_label`.
struct namespace_metrics {
  namespace_metrics(caf::actor_system& sys, std::string label);

  caf::actor_system& sys;
  std::string label;
  caf::telemetry::int_counter* accepted;
  caf::telemetry::int_counter* duplicates;
  caf::telemetry::int_counter* causal_gaps;
  caf::telemetry::int_counter* dead_letters;
  caf::telemetry::int_counter* dropped_letters;
  caf::telemetry::int_counter* missed;
  caf::telemetry::int_counter* unsaid;
  caf::telemetry::int_counter* receipts_forgotten;
  caf::telemetry::int_counter* sessions_forgotten;
  caf::telemetry::int_counter* left_out;
  caf::telemetry::int_counter* too_many_hops;
  caf::telemetry::int_counter* ack_timeouts;
  caf::telemetry::int_counter* new_epochs;
  caf::telemetry::int_gauge* held;
  caf::telemetry::int_gauge* sessions;
  caf::telemetry::int_gauge* attached;
  caf::telemetry::int_gauge* receipts;
  caf::telemetry::int_gauge* dedupe_ids;
  caf::telemetry::int_gauge* log_events;
  caf::telemetry::int_gauge* log_bytes;
  caf::telemetry::int_gauge* kept_events;
  caf::telemetry::int_gauge* kept_bytes;
  caf::telemetry::int_gauge* queue_groups;
  caf::telemetry::int_gauge* letters;
  event_stages stages;
};

/// One namespace's part of them.
class namespace_meters {
public:
  explicit namespace_meters(std::shared_ptr<namespace_metrics> whole);

  /// An event or a call was refused, for this reason.
  void refused(const std::string& reason);

  /// The actor ends: what it had is not there any more.
  void clear();

  /// The counters and stages; the gauges are only changed by the shares below.
  namespace_metrics& all() noexcept { return *whole_; }

private:
  std::shared_ptr<namespace_metrics> whole_;
  std::map<std::string, caf::telemetry::int_counter*> refused_; // as many as there are reasons

public:
  gauge_share held{whole_->held};
  gauge_share sessions{whole_->sessions};
  gauge_share attached{whole_->attached};
  gauge_share receipts{whole_->receipts};
  gauge_share dedupe_ids{whole_->dedupe_ids};
  gauge_share log_events{whole_->log_events};
  gauge_share log_bytes{whole_->log_bytes};
  gauge_share kept_events{whole_->kept_events};
  gauge_share kept_bytes{whole_->kept_bytes};
  gauge_share queue_groups{whole_->queue_groups};
  gauge_share letters{whole_->letters};
};

} // namespace weir
