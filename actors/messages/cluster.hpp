#pragma once

// The conversation between the nodes of a cluster.

#include "actors/core/refusal.hpp"
#include "actors/messages/type_ids.hpp"

#include <caf/actor.hpp>
#include <caf/node_id.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// What the nodes of a cluster say to each other; another number is another language.
inline constexpr std::uint32_t cluster_protocol = 1;

/// membership → membership of another node: who I am. Answered with a `member_welcome`. Its fields stay as
/// they are in all versions, so that nodes of different ones can tell each other that they do not fit.
struct member_hello {
  std::uint32_t protocol = cluster_protocol;
  std::string version; ///< Of Weir.
  std::string name;    ///< Unique in the cluster.
  std::vector<std::string> roles;
  std::string address;           ///< Where other nodes reach it: `host:port`.
  std::uint64_t incarnation = 0; ///< Another one each time that the node starts.
  std::string secret_mark;       ///< The same on nodes with the same session secret.
  std::int64_t since_ms = 0;     ///< Its start, in milliseconds since the Unix epoch.
  caf::actor membership;
  caf::actor host;                ///< Null without the role `host`, and once it leaves.
  std::string store_mark;         ///< The same on nodes whose hosts share a store; empty without the role.
  std::vector<std::string> peers; ///< The addresses of the members that it knows.
};

/// The answer: who I am, or (`no.refused()`) why you cannot be a member.
struct member_welcome {
  refusal no;
  member_hello who;
};

/// membership → membership of another node: there are nodes at these addresses.
struct member_addresses {
  std::vector<std::string> addresses;
};

/// membership → membership of another node: this one gives up its namespaces, and goes when its clients have.
struct member_leaving {
  std::string name;
};

/// membership → membership of another node: this one hosts namespaces again, after it could not for a while.
struct member_hosting {
  std::string name;
  caf::actor host;
};

/// host → host of another node: this namespace is yours now, open it.
struct adopt_namespace {
  std::string name;
};

/// membership → directory and host of the same node: these nodes have the role `host`, are alive, and have
/// not begun to leave.
struct host_places {
  struct place {
    std::string node;
    caf::actor host;
  };
  std::vector<place> all;
  std::vector<caf::node_id> reach; ///< All members, with or without the role.
};

/// membership → membership of another node, in answer to a `pools_atom`, and again when the node retires: the
/// pools of this node that others may ask. It is no part of the hello, which stays small. membership → remote
/// pools of the same node: those of all other nodes that are alive.
struct pool_places {
  struct place {
    std::string node;
    std::string model;
    caf::actor port;       ///< See `pool_port`.
    bool retiring = false; ///< It ends what it has, and wants nothing new.
  };
  std::vector<place> all;
};

template <class Inspector>
bool inspect(Inspector& f, member_hello& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("version", x.version),
                            f.field("name", x.name), f.field("roles", x.roles), f.field("address", x.address),
                            f.field("incarnation", x.incarnation), f.field("secret_mark", x.secret_mark),
                            f.field("since_ms", x.since_ms), f.field("membership", x.membership),
                            f.field("host", x.host), f.field("store_mark", x.store_mark),
                            f.field("peers", x.peers));
}

template <class Inspector>
bool inspect(Inspector& f, member_welcome& x) {
  return f.object(x).fields(f.field("no", x.no), f.field("who", x.who));
}

template <class Inspector>
bool inspect(Inspector& f, member_addresses& x) {
  return f.object(x).fields(f.field("addresses", x.addresses));
}

template <class Inspector>
bool inspect(Inspector& f, member_leaving& x) {
  return f.object(x).fields(f.field("name", x.name));
}

template <class Inspector>
bool inspect(Inspector& f, member_hosting& x) {
  return f.object(x).fields(f.field("name", x.name), f.field("host", x.host));
}

template <class Inspector>
bool inspect(Inspector& f, adopt_namespace& x) {
  return f.object(x).fields(f.field("name", x.name));
}

template <class Inspector>
bool inspect(Inspector& f, host_places::place& x) {
  return f.object(x).fields(f.field("node", x.node), f.field("host", x.host));
}

template <class Inspector>
bool inspect(Inspector& f, host_places& x) {
  return f.object(x).fields(f.field("all", x.all), f.field("reach", x.reach));
}

template <class Inspector>
bool inspect(Inspector& f, pool_places::place& x) {
  return f.object(x).fields(f.field("node", x.node), f.field("model", x.model), f.field("port", x.port),
                            f.field("retiring", x.retiring));
}

template <class Inspector>
bool inspect(Inspector& f, pool_places& x) {
  return f.object(x).fields(f.field("all", x.all));
}

} // namespace weir
