#pragma once

#include "actors/core/refusal.hpp"
#include "actors/messages/models.hpp"
#include "actors/models/token_quota.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// What the models keep of one namespace: its quota, over all models, and what it has used of each, as
/// metrics. Shared by all actors of the namespace that make calls, on whatever thread; without a lock.
///
/// Metrics, by `namespace` and `model`: `weir_usage_calls_total` (attempts that a worker began),
/// `weir_usage_tokens_total` by `direction` (`input`, `output`), `weir_usage_worker_seconds_total`, and
/// `weir_usage_refused_total` by `reason`.
class model_account {
public:
  using time_point = token_quota::time_point;

  /// @param sys must outlive this.
  /// @param label of the namespace, see `namespace_label`.
  /// @param tokens_per_min 0: no quota.
  model_account(caf::actor_system& sys, std::string ns, std::string label, std::uint64_t tokens_per_min);

  /// Whether an attempt may begin: `429 quota` above the quota.
  refusal check(time_point now) const;

  /// An attempt is over that a worker had begun.
  void on_used(const std::string& model, token_usage usage, std::chrono::nanoseconds worker_time,
               time_point now);

  /// An attempt was not made, for this reason.
  void on_refused(const std::string& model, const std::string& reason);

  const std::string& label() const noexcept { return label_; }

private:
  caf::actor_system& sys_;
  std::string ns_;
  std::string label_;
  token_quota quota_;
};

/// What an attempt has used when its server does not say: a quarter of the code points, rounded up for each
/// message. An attempt that has written nothing is taken to have used nothing.
token_usage estimate_usage(const std::vector<chat_message>& messages, const std::string& written);

} // namespace weir
