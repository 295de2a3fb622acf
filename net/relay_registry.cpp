#include "net/relay_registry.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

namespace weir {

relay_registry::relay_registry(io_unit& unit, caf::actor host, event_encoder encode,
                               std::shared_ptr<namespace_census> census, std::uint64_t max_relays)
  : unit_(unit), host_(std::move(host)), encode_(encode), census_(std::move(census)), max_relays_(max_relays),
    metrics_(std::make_shared<relay_metrics_book>(unit.system())) {}

relay_registry::~relay_registry() { clear(); }

std::variant<relay_handle, refusal> relay_registry::enter(const std::string& ns, std::uint64_t most) {
  auto i = relays_.find(ns);
  if (i == relays_.end() && relays_.size() >= max_relays_)
    return refusal{code::too_many, "quota",    "this node has all the namespaces it may have", 10'000, "node",
                   relays_.size(), max_relays_};
  if (auto no = census_->enter(ns, most); no.refused()) return no;
  auto& x = i == relays_.end() ? relays_[ns] : i->second;
  if (!x.alive || !*x.alive) start(ns, x);
  ++x.connections;
  return relay_handle{x.actor, x.port};
}

void relay_registry::leave(const std::string& ns) {
  census_->leave(ns);
  auto i = relays_.find(ns);
  if (i == relays_.end() || i->second.connections == 0) return;
  if (--i->second.connections == 0) i->second.idle_since = unit_.system().clock().now();
}

void relay_registry::sweep(time_point now) {
  for (auto i = relays_.begin(); i != relays_.end();) {
    auto& x = i->second;
    if (x.connections > 0 || now - x.idle_since < idle_timeout) {
      ++i;
      continue;
    }
    end(x);
    i = relays_.erase(i);
  }
}

void relay_registry::clear() {
  for (auto& [ns, x] : relays_) end(x);
  relays_.clear();
}

void relay_registry::start(const std::string& ns, entry& x) {
  x.actor = unit_.system().spawn<relay>(unit_, relay::config{ns, host_, encode_, metrics_});
  x.port = dynamic_cast<relay*>(caf::actor_cast<caf::abstract_actor*>(x.actor));
  x.alive = std::make_shared<bool>(true);
  // Runs where the relay does, so on this thread.
  x.actor->attach_functor([alive = x.alive] { *alive = false; });
}

void relay_registry::end(entry& x) { caf::anon_send_exit(x.actor, caf::exit_reason::user_shutdown); }

} // namespace weir
