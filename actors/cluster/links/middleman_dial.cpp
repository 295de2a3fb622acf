#include "actors/cluster/links/middleman_dial.hpp"

#include <caf/io/middleman.hpp>
#include <caf/io/middleman_actor.hpp>
#include <caf/node_id.hpp>
#include <caf/sec.hpp>

#include <set>

namespace weir {

namespace {

std::string words_for(const caf::error& why) {
  if (why == caf::sec::disconnect_during_handshake)
    return "it ended the connection before it had said who it is: it may be that only one of the two has "
           "cluster.tls";
  return to_string(why);
}

} // namespace

void middleman_dial(const caf::io::middleman_actor& via, caf::event_based_actor* self,
                    const node_address& where, std::chrono::milliseconds timeout, dial_succeeded then,
                    dial_failed failed) {
  self->request(via, timeout, caf::connect_atom_v, where.host, where.port)
      .then(
          [then, failed](const caf::node_id&, caf::strong_actor_ptr& found, const std::set<std::string>&) {
            if (found)
              then(caf::actor_cast<caf::actor>(found));
            else
              failed("nobody is a member of a cluster there");
          },
          [failed](const caf::error& why) { failed(words_for(why)); });
}

void middleman_listen(const caf::io::middleman_actor& via, caf::event_based_actor* self,
                      const node_address& where, std::function<void(std::uint16_t)> then,
                      dial_failed failed) {
  self->request(via, caf::infinite, caf::publish_atom_v, where.port,
                caf::actor_cast<caf::strong_actor_ptr>(self), std::set<std::string>{}, where.host, true)
      .then([then](std::uint16_t port) { then(port); },
            [failed](const caf::error& why) { failed(to_string(why)); });
}

void middleman_close(caf::event_based_actor* self, std::uint16_t port) {
  caf::anon_send(self->system().middleman().actor_handle(), caf::unpublish_atom_v, self->address(), port);
}

} // namespace weir
