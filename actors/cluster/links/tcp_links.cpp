#include "actors/cluster/links/tcp_links.hpp"

#include "actors/cluster/links/dial_socket.hpp"

#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>

namespace weir {

caf::expected<caf::io::scribe_ptr> link_middleman::connect(const std::string& host, std::uint16_t port) {
  node_address where{host, port};
  auto socket = dial_socket(where, patience_);
  if (auto* why = std::get_if<std::string>(&socket))
    return caf::make_error(caf::sec::cannot_connect_to_node, *why);
  if (auto link = make_link(std::get<int>(socket), to_string(where))) return link;
  return caf::sec::cannot_connect_to_node;
}

caf::io::scribe_ptr link_middleman::make_link(int socket, const std::string&) {
  return system().middleman().backend().new_scribe(socket);
}

tcp_links::tcp_links(caf::actor_system& sys, std::chrono::milliseconds patience)
  : tcp_links(sys,
              sys.spawn<link_middleman, caf::detached + caf::hidden>(
                  sys.middleman().named_broker<caf::io::basp_broker>("BASP"), patience),
              [](const std::string&, const std::string& why) { return why; }) {}

tcp_links::tcp_links(caf::actor_system& sys, caf::io::middleman_actor via, explainer explain)
  : system_(sys), actor_(std::move(via)), explain_(std::move(explain)) {}

tcp_links::~tcp_links() {
  caf::scoped_actor self{system_, true};
  self->send_exit(actor_, caf::exit_reason::kill); // nothing less ends a middleman's actor
  self->wait_for(actor_);
}

dial_function tcp_links::dial() const {
  return [via = actor_, explain = explain_](caf::event_based_actor* self, const node_address& where,
                                            std::chrono::milliseconds timeout, dial_succeeded then,
                                            dial_failed failed) {
    auto say = [explain, address = to_string(where), failed](const std::string& why) {
      failed(explain(address, why));
    };
    middleman_dial(via, self, where, timeout, std::move(then), std::move(say));
  };
}

listen_function tcp_links::listen() const {
  return [via = actor_](caf::event_based_actor* self, const node_address& where,
                        std::function<void(std::uint16_t)> then, dial_failed failed) {
    middleman_listen(via, self, where, std::move(then), std::move(failed));
  };
}

} // namespace weir
