#include "actors/cluster/member_table.hpp"

#include <caf/actor_addr.hpp>

#include <algorithm>
#include <utility>

namespace weir {

namespace {

refusal taken(const member_hello& by) {
  return {code::conflict,
          "name_taken",
          "there is a node named " + by.name + " already, at " + by.address + ": set another node.name",
          0,
          {},
          0,
          0};
}

refusal unfit(const char* reason, std::string message) {
  return {code::conflict, reason, std::move(message), 0, {}, 0, 0};
}

std::string version_of(const member_hello& x) {
  return x.name + " is of version " + x.version + " (cluster protocol " + std::to_string(x.protocol) + ')';
}

/// Whether the secret that signs at `signer`, the first of its marks, is among those that verify here.
bool takes_tokens_of(std::string_view verifier, std::string_view signer) {
  auto newest = signer.substr(0, signer.find(','));
  while (true) {
    auto comma = verifier.find(',');
    if (verifier.substr(0, comma) == newest) return true;
    if (comma == std::string_view::npos) return false;
    verifier.remove_prefix(comma + 1);
  }
}

} // namespace

member_table::outcome member_table::admit(const member_hello& who) {
  outcome out;
  out.no = check(who);
  if (out.no.refused()) return out;
  auto i = members_.find(who.name);
  if (i == members_.end()) {
    members_.emplace(who.name, who);
    out.what = change::joined;
  } else if (i->second.incarnation != who.incarnation) {
    out.before = std::exchange(i->second, who);
    out.what = change::replaced;
  }
  return out;
}

refusal member_table::check(const member_hello& who) const {
  if (who.protocol != self_.protocol || who.version != self_.version)
    return unfit("version", "the nodes do not fit: " + version_of(self_) + ", " + version_of(who));
  if (!takes_tokens_of(self_.secret_mark, who.secret_mark)
      || !takes_tokens_of(who.secret_mark, self_.secret_mark))
    return unfit("secret", "the nodes " + self_.name + " and " + who.name
                               + " have different session secrets: a cluster needs one");
  if (!who.store_mark.empty() && !self_.store_mark.empty() && who.store_mark != self_.store_mark)
    return unfit("store", "the nodes " + self_.name + " and " + who.name
                              + " do not keep their events in one store: those that host namespaces need the "
                                "same store.kind and store.url");
  if (who.name == self_.name) return taken(self_);
  auto i = members_.find(who.name);
  // One that comes back to its address has been started again: no other process can listen there.
  if (i != members_.end() && i->second.incarnation != who.incarnation && i->second.address != who.address)
    return taken(i->second);
  if (i == members_.end() && members_.size() >= max_members)
    return {code::too_many,  "quota",    "the cluster has all the nodes it may have", 10'000, "node",
            members_.size(), max_members};
  return {};
}

std::optional<member_hello> member_table::leave(const caf::actor_addr& membership) {
  for (auto i = members_.begin(); i != members_.end(); ++i) {
    if (i->second.membership.address() != membership) continue;
    auto out = std::move(i->second);
    members_.erase(i);
    return out;
  }
  return std::nullopt;
}

bool member_table::has_address(const std::string& address) const {
  for (auto& [name, x] : members_)
    if (x.address == address) return true;
  return false;
}

std::vector<std::string> member_table::addresses() const {
  std::vector<std::string> out;
  for (auto& [name, x] : members_) out.push_back(x.address);
  return out;
}

bool member_table::has_other_hosts() const {
  return std::any_of(members_.begin(), members_.end(), [](auto& x) { return x.second.host != nullptr; });
}

bool member_table::set_hosting(const caf::actor& host) { return std::exchange(self_.host, host) != host; }

bool member_table::set_hosting(const std::string& name, const caf::actor& host) {
  auto i = members_.find(name);
  return i != members_.end() && std::exchange(i->second.host, host) != host;
}

void member_table::clear() {
  members_.clear();
  self_.membership = nullptr;
  self_.host = nullptr;
}

} // namespace weir
