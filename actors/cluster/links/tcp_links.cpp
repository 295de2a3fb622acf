#include "actors/cluster/links/tcp_links.hpp"

#include "actors/cluster/links/dial_socket.hpp"
#include "actors/cluster/links/link_scribe.hpp"
#include "actors/messages/type_ids.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/network/doorman_impl.hpp>
#include <caf/policy/tcp.hpp>
#include <caf/scoped_actor.hpp>
#include <spdlog/spdlog.h>

#include <sys/socket.h>
#include <unistd.h>

namespace weir {

namespace {

constexpr auto sweep_every = std::chrono::seconds{1};

/// A connection from outside.
struct plain_link : accepted_link {
  explicit plain_link(int socket) : socket(socket) {}

  bool is_proven() const noexcept override { return heard; }

  void give_up(const std::string& why) override {
    spdlog::debug("cluster.link_closed reason=\"{}\"", why);
    ::shutdown(socket, SHUT_RDWR); // whoever reads from it sees to the rest
  }

  int socket;
  bool heard = false;
};

/// Where others dial. Of the multiplexer's thread.
class tcp_doorman : public caf::io::network::doorman_impl {
public:
  tcp_doorman(caf::io::network::default_multiplexer& io, int socket, std::shared_ptr<unproven_links> unproven)
    : caf::io::network::doorman_impl(io, socket), unproven_(std::move(unproven)) {}

  bool new_connection() override {
    auto& io = acceptor_.backend();
    auto socket = acceptor_.accepted_socket();
    if (detached()) return ::close(socket), false;
    caf::io::network::child_process_inherit(socket, false);
    caf::io::network::nonblocking(socket, true);
    auto guest = std::make_shared<plain_link>(socket);
    unproven_->add(guest, std::chrono::steady_clock::now());
    // The guest is there as long as its scribe.
    auto heard = std::shared_ptr<bool>{guest, &guest->heard};
    auto link = caf::make_counted<link_scribe<caf::policy::tcp>>(io, socket, std::move(heard));
    auto handle = link->hdl();
    parent()->add_scribe(std::move(link));
    return doorman::new_connection(&io, handle);
  }

private:
  std::shared_ptr<unproven_links> unproven_;
};

/// Has the multiplexer's thread look at the time.
caf::behavior sweep(caf::event_based_actor* self, const std::shared_ptr<unproven_links>& links) {
  self->delayed_send(self, sweep_every, tick_atom_v);
  return {[self, links](tick_atom) {
    self->system().middleman().backend().post([links] { links->expire(std::chrono::steady_clock::now()); });
    self->delayed_send(self, sweep_every, tick_atom_v);
  }};
}

} // namespace

caf::expected<caf::io::scribe_ptr> link_middleman::connect(const std::string& host, std::uint16_t port) {
  node_address where{host, port};
  auto socket = dial_socket(where, patience_);
  if (auto* why = std::get_if<std::string>(&socket))
    return caf::make_error(caf::sec::cannot_connect_to_node, *why);
  if (auto link = make_link(std::get<int>(socket), to_string(where))) return link;
  return caf::sec::cannot_connect_to_node;
}

caf::io::scribe_ptr link_middleman::make_link(int socket, const std::string&) {
  caf::io::network::child_process_inherit(socket, false);
  caf::io::network::nonblocking(socket, true);
  return caf::make_counted<link_scribe<caf::policy::tcp>>(io(), socket, std::make_shared<bool>(true));
}

caf::expected<caf::io::doorman_ptr> link_middleman::open(std::uint16_t port, const char* address,
                                                         bool reuse) {
  auto socket = caf::io::network::new_tcp_acceptor_impl(port, address, reuse);
  if (!socket) return std::move(socket.error());
  return caf::make_counted<tcp_doorman>(io(), *socket, unproven_);
}

caf::io::network::default_multiplexer& link_middleman::io() {
  return static_cast<caf::io::network::default_multiplexer&>(system().middleman().backend());
}

tcp_links::tcp_links(caf::actor_system& sys, std::chrono::milliseconds patience)
  : tcp_links(sys, make_unproven(), patience) {}

tcp_links::tcp_links(caf::actor_system& sys, std::shared_ptr<unproven_links> unproven,
                     std::chrono::milliseconds patience)
  : tcp_links(sys,
              sys.spawn<link_middleman, caf::detached + caf::hidden>(
                  sys.middleman().named_broker<caf::io::basp_broker>("BASP"), unproven, patience),
              unproven, [](const std::string&, const std::string& why) { return why; }) {}

tcp_links::tcp_links(caf::actor_system& sys, caf::io::middleman_actor via,
                     std::shared_ptr<unproven_links> unproven, explainer explain)
  : system_(sys), actor_(std::move(via)), sweeper_(sys.spawn<caf::hidden>(sweep, std::move(unproven))),
    explain_(std::move(explain)) {}

tcp_links::~tcp_links() {
  caf::scoped_actor self{system_, true};
  self->send_exit(actor_, caf::exit_reason::kill); // nothing less ends a middleman's actor
  self->send_exit(sweeper_, caf::exit_reason::kill);
  self->wait_for(actor_, sweeper_);
}

std::shared_ptr<unproven_links> tcp_links::make_unproven() {
  return std::make_shared<unproven_links>(max_unproven, proof_timeout);
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
