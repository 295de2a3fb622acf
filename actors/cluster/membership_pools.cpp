// What a node whose model pools are elsewhere knows of the others' pools.

#include "actors/cluster/membership.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir {

void membership::retire_pools() {
  if (settings_.pools.empty()) return;
  for (auto& x : settings_.pools) x.retiring = true;
  for (auto& [name, x] : table_.all()) send(x.membership, pool_places{settings_.pools});
}

void membership::on_pools(const pool_places& what) {
  auto known = what.all.empty() ? pools_.end() : pools_.find(what.all.front().node);
  if (known == pools_.end()) return; // it is asked for them as long as it is a member
  known->second = what.all;
  spdlog::info("cluster: node {} gives up its model pools", known->first);
  tell_pools();
}

/// Again until it has answered, as long as it is a member.
void membership::ask_for_pools(const std::string& name, std::uint64_t incarnation) {
  auto i = table_.all().find(name);
  if (settings_.remote_pools.empty() || i == table_.all().end() || i->second.incarnation != incarnation)
    return;
  auto& roles = i->second.roles;
  if (std::find(roles.begin(), roles.end(), "models") == roles.end()) return;
  request(i->second.membership, settings_.timeout, pools_atom_v)
      .then(
          [this, name, incarnation](const pool_places& what) {
            auto who = table_.all().find(name);
            if (who == table_.all().end() || who->second.incarnation != incarnation) return;
            spdlog::info("cluster: node {} runs {} model pools", name, what.all.size());
            pools_[name] = what.all;
            tell_pools();
          },
          [this, name, incarnation](const caf::error&) {
            run_delayed(settings_.timeout, [this, name, incarnation] { ask_for_pools(name, incarnation); });
          });
}

void membership::forget_pools(const std::string& name) {
  if (pools_.erase(name) > 0) tell_pools();
}

void membership::tell_pools() {
  pool_places out;
  for (auto& [name, pools] : pools_) out.all.insert(out.all.end(), pools.begin(), pools.end());
  for (auto& x : settings_.remote_pools) send(x, out);
}

} // namespace weir
