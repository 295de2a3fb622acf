#pragma once

#include "actors/cluster/links/node_address.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/io/middleman_actor.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace weir {

using dial_succeeded = std::function<void(caf::actor)>;
using dial_failed = std::function<void(const std::string& why)>;

/// Reaches the actor that another node has published at an address. One of the two is called later, in
/// `self`.
using dial_function = std::function<void(caf::event_based_actor* self, const node_address& where,
                                         std::chrono::milliseconds timeout, dial_succeeded, dial_failed)>;

/// Publishes `self` at an address. @param then is given the port. One of the two is called later, in `self`.
using listen_function = std::function<void(caf::event_based_actor* self, const node_address& where,
                                           std::function<void(std::uint16_t)> then, dial_failed)>;

/// Over the connections that an actor like CAF's middleman's makes.
void middleman_dial(const caf::io::middleman_actor& via, caf::event_based_actor* self,
                    const node_address& where, std::chrono::milliseconds timeout, dial_succeeded then,
                    dial_failed failed);
void middleman_listen(const caf::io::middleman_actor& via, caf::event_based_actor* self,
                      const node_address& where, std::function<void(std::uint16_t)> then, dial_failed failed);

/// Takes back what was published, over whatever. To be called at the end of `self`.
void middleman_close(caf::event_based_actor* self, std::uint16_t port);

} // namespace weir
