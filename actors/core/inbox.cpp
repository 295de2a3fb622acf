#include "actors/core/inbox.hpp"

#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <algorithm>

namespace weir {

permit::permit(inbox_ptr owner) {
  // The deleter is the whole point: whoever drops the last copy gives the place back.
  auto* raw = owner.get();
  place_ = std::shared_ptr<void>(raw, [owner = std::move(owner)](void*) { owner->give_back(); });
}

inbox_ptr inbox::make(caf::actor_system& sys, config cfg) {
  cfg.limit = std::max<std::uint64_t>(cfg.limit, 1);
  return inbox_ptr{new inbox(sys, std::move(cfg))};
}

inbox_ptr inbox::share_of(caf::actor_system& sys, inbox_ptr parent, std::uint64_t limit) {
  auto& of = parent->cfg_;
  return make(sys, {of.name, limit, of.reason, of.scope, parent});
}

inbox::inbox(caf::actor_system& sys, config cfg) : cfg_(std::move(cfg)), clock_(sys.clock()) {
  auto& metrics = sys.metrics();
  refusals_ = metrics.counter_instance("weir", "inbox-refusals", {{"inbox", cfg_.name}},
                                       "Offers that found the inbox full.", "1", true);
  if (cfg_.parent) return;
  depth_gauge_ = metrics.gauge_instance("weir", "inbox-depth", {{"inbox", cfg_.name}},
                                        "Work that was taken and is not done.");
  metrics.gauge_instance("weir", "inbox-limit", {{"inbox", cfg_.name}}, "The bound on weir_inbox_depth.")
      ->value(static_cast<std::int64_t>(cfg_.limit));
}

std::variant<permit, refusal> inbox::try_take() {
  if (auto no = take()) return std::move(*no);
  return permit{shared_from_this()};
}

std::optional<refusal> inbox::take() {
  auto depth = depth_.load(std::memory_order_relaxed);
  do {
    if (depth >= cfg_.limit) {
      refusals_->inc();
      auto retry_after_ms = rate_.on_refused(clock_.now(), cfg_.limit);
      return refusal{code::too_many, cfg_.reason, cfg_.name + " is full", retry_after_ms, cfg_.scope,
                     depth,          cfg_.limit};
    }
  } while (!depth_.compare_exchange_weak(depth, depth + 1, std::memory_order_relaxed));
  if (cfg_.parent)
    if (auto no = cfg_.parent->take()) {
      depth_.fetch_sub(1, std::memory_order_relaxed);
      return no;
    }
  if (depth == 0) rate_.on_busy(clock_.now());
  if (depth_gauge_ != nullptr) depth_gauge_->inc();
  return std::nullopt;
}

void inbox::give_back() noexcept {
  depth_.fetch_sub(1, std::memory_order_relaxed);
  if (depth_gauge_ != nullptr) depth_gauge_->dec();
  rate_.on_done(clock_.now());
  if (cfg_.parent) cfg_.parent->give_back();
}

} // namespace weir
