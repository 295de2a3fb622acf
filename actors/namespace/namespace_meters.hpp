#pragma once

#include "actors/core/gauge_share.hpp"

#include <caf/actor_system.hpp>
#include <caf/telemetry/counter.hpp>

#include <map>
#include <string>

namespace weir {

/// What is counted of one namespace, under its label: see `namespace_label`.
struct namespace_meters {
  namespace_meters(caf::actor_system& sys, std::string label);

  /// An event or a call was refused, for this reason.
  void refused(const std::string& reason);

  /// The actor ends: what it had is not there any more.
  void clear();

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
  gauge_share held;
  gauge_share sessions;
  gauge_share attached;
  gauge_share receipts;
  gauge_share dedupe_ids;
  gauge_share log_events;
  gauge_share log_bytes;
  gauge_share kept_events;
  gauge_share kept_bytes;
  gauge_share queue_groups;
  gauge_share letters;

private:
  caf::actor_system& sys_;
  std::string label_;
  std::map<std::string, caf::telemetry::int_counter*> refused_; // as many as there are reasons
};

} // namespace weir
