#include "actors/core/restart_ledger.hpp"

namespace weir {

std::optional<std::chrono::milliseconds> restart_ledger::on_crash(time_point now) {
  while (!restarts_.empty() && now - restarts_.front() >= intensity_.window) restarts_.pop_front();
  if (restarts_.size() >= intensity_.max_restarts) return std::nullopt;
  auto delay = delays_.delay(recent(), jitter_.next());
  restarts_.push_back(now);
  return delay;
}

} // namespace weir
