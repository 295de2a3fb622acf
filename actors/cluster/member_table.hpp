#pragma once

#include "actors/messages/cluster.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// The other nodes of the cluster, by name. Says who may be one: names are unique, and all speak the same
/// language. Bounded by `max_members`; overflow policy: refused with `429 quota`. Plain.
class member_table {
public:
  static constexpr std::size_t max_members = 64;

  enum class change {
    none,     ///< Refused, or known already.
    joined,   ///< A new member.
    replaced, ///< It was started again, before its end was noticed.
  };

  struct outcome {
    refusal no;
    change what = change::none;
    std::optional<member_hello> before; ///< Of one that was replaced.
  };

  /// @param self this node, as it is said to the others.
  explicit member_table(member_hello self) : self_(std::move(self)) {}

  /// Takes a node in, or says why it cannot be a member: `version`, `secret`, `name_taken` or `quota`.
  outcome admit(const member_hello& who);

  /// Its membership actor is gone, or cannot be reached.
  std::optional<member_hello> leave(const caf::actor_addr& membership);

  bool has_address(const std::string& address) const;
  std::vector<std::string> addresses() const;
  const member_hello& self() const noexcept { return self_; }

  /// Once it is known where this node listens.
  void set_address(std::string address) { self_.address = std::move(address); }

  const std::map<std::string, member_hello, std::less<>>& all() const noexcept { return members_; }

  bool has_other_hosts() const;

  /// Where this node hosts namespaces; null: nowhere. @returns whether that is new.
  bool set_hosting(const caf::actor& host);

  /// As above, of a member.
  bool set_hosting(const std::string& name, const caf::actor& host);

  /// Holds no actor any more.
  void clear();

private:
  refusal check(const member_hello& who) const;

  member_hello self_;
  std::map<std::string, member_hello, std::less<>> members_;
};

} // namespace weir
