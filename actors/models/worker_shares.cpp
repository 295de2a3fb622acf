#include "actors/models/worker_shares.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace weir {

worker_shares::worker_shares(std::uint32_t workers, double max_share, std::chrono::milliseconds window)
  : workers_(workers),
    // The small subtrahend keeps a share such as 0.1 of 10 from being rounded up to 2.
    limit_(std::max(1U, static_cast<std::uint32_t>(std::ceil(workers * max_share - 1e-9)))), window_(window) {
}

void worker_shares::on_ended(const std::string& ns, time_point now) {
  touch(ns, now);
  auto i = running_.find(ns);
  if (i != running_.end() && --i->second == 0) running_.erase(i);
}

bool worker_shares::may_start(const std::string& ns, time_point now) const {
  auto i = running_.find(ns);
  return limit_ >= workers_ || i == running_.end() || i->second < limit_ || !has_others(ns, now);
}

std::optional<worker_shares::time_point> worker_shares::next_change(time_point now) const {
  std::optional<time_point> next;
  for (auto* x : {&newest_, &before_})
    if (x->until > now && (!next || x->until < *next)) next = x->until;
  return next;
}

void worker_shares::touch(const std::string& ns, time_point now) {
  if (newest_.ns != ns) before_ = std::exchange(newest_, {ns, {}});
  newest_.until = now + window_;
}

bool worker_shares::has_others(const std::string& ns, time_point now) const {
  if (running_.size() > running_.count(ns)) return true;
  return (newest_.ns != ns && newest_.until > now) || (before_.ns != ns && before_.until > now);
}

} // namespace weir
