#include "actors/cluster/links/tls_links.hpp"

#include "actors/cluster/links/link_scribe.hpp"
#include "actors/cluster/links/tls_session.hpp"

#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/middleman_actor_impl.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/doorman_impl.hpp>
#include <caf/io/network/stream_impl.hpp>

#include <unistd.h>

// After libcaf_openssl, which reads the files anew for each connection, throws in the I/O thread when it
// cannot, and tells nobody why a handshake failed.

namespace weir {

namespace {

namespace network = caf::io::network;
using multiplexer = network::default_multiplexer;
using session_ptr = std::shared_ptr<tls_session>;

std::string host_of(network::native_socket socket) {
  auto out = network::remote_addr_of_fd(socket);
  return out ? *out : std::string{};
}

struct tls_policy {
  network::rw_state read_some(std::size_t& result, network::native_socket, void* to, std::size_t n) {
    return session->read_some(result, to, n);
  }
  network::rw_state write_some(std::size_t& result, network::native_socket, const void* from, std::size_t n) {
    return session->write_some(result, from, n);
  }
  bool must_read_more(network::native_socket, std::size_t threshold) { return session->has(threshold); }

  session_ptr session;
};

using tls_scribe = link_scribe<tls_policy>;

/// Who has shown a certificate is believed, and so is what this node has dialled.
std::shared_ptr<bool> believed() { return std::make_shared<bool>(true); }

/// Where others dial. Of the I/O thread.
class tls_doorman : public network::doorman_impl {
public:
  tls_doorman(multiplexer& io, network::native_socket socket, tls_credentials who,
              std::shared_ptr<unproven_links> unproven, std::shared_ptr<tls_failures> failures)
    : network::doorman_impl(io, socket), who_(std::move(who)), unproven_(std::move(unproven)),
      failures_(std::move(failures)) {}

  bool new_connection() override {
    auto& io = acceptor_.backend();
    auto socket = acceptor_.accepted_socket();
    if (detached()) return ::close(socket), false;
    network::child_process_inherit(socket, false);
    network::nonblocking(socket, true);
    auto session = admit(socket);
    if (!session) return ::close(socket), false;
    auto link = caf::make_counted<tls_scribe>(io, socket, believed(), tls_policy{std::move(session)});
    auto handle = link->hdl();
    parent()->add_scribe(std::move(link));
    return doorman::new_connection(&io, handle);
  }

private:
  session_ptr admit(network::native_socket socket) {
    auto host = host_of(socket);
    tls_session::config what;
    what.on_ready = [x = failures_, host] { x->accepted(host); };
    what.on_failed = [x = failures_, host](const std::string& why) { x->refused(host, why); };
    try {
      auto out = std::make_shared<tls_session>(who_, socket, std::move(what));
      unproven_->add(out, std::chrono::steady_clock::now());
      return out;
    } catch (const std::exception& error) {
      failures_->refused(host, error.what());
      return nullptr;
    }
  }

  tls_credentials who_;
  std::shared_ptr<unproven_links> unproven_;
  std::shared_ptr<tls_failures> failures_;
};

class tls_middleman : public link_middleman {
public:
  tls_middleman(caf::actor_config& cfg, caf::actor broker, tls_credentials who,
                std::shared_ptr<unproven_links> unproven, std::shared_ptr<tls_failures> failures,
                std::chrono::milliseconds patience)
    : link_middleman(cfg, std::move(broker), std::move(unproven), patience), who_(std::move(who)),
      failures_(std::move(failures)) {}

protected:
  caf::expected<caf::io::scribe_ptr> connect(const std::string& host, std::uint16_t port) override {
    failures_->take(to_string(node_address{host, port})); // of an earlier time
    return link_middleman::connect(host, port);
  }

  /// The handshake is over before the broker sees the connection: at each heartbeat the broker drops what was
  /// dialled and has not said anything yet, so that over slow links few would come about.
  caf::io::scribe_ptr make_link(int socket, const std::string& address) override {
    tls_session::config what;
    what.dials = true;
    what.on_failed = [x = failures_, address](const std::string& why) { x->dial_failed(address, why); };
    try {
      auto session = std::make_shared<tls_session>(who_, socket, std::move(what));
      if (session->agree(patience()))
        return caf::make_counted<tls_scribe>(io(), socket, believed(), tls_policy{std::move(session)});
    } catch (const std::exception& error) {
      failures_->dial_failed(address, error.what());
    }
    ::close(socket);
    return nullptr;
  }

  caf::expected<caf::io::doorman_ptr> open(std::uint16_t port, const char* address, bool reuse) override {
    auto socket = network::new_tcp_acceptor_impl(port, address, reuse);
    if (!socket) return std::move(socket.error());
    return caf::make_counted<tls_doorman>(io(), *socket, who_, unproven(), failures_);
  }

private:
  tls_credentials who_;
  std::shared_ptr<tls_failures> failures_;
};

} // namespace

tls_links::tls_links(caf::actor_system& sys, tls_credentials who, std::chrono::milliseconds patience)
  : tls_links(sys, std::move(who), patience, make_unproven(), std::make_shared<tls_failures>(sys.metrics())) {
}

tls_links::tls_links(caf::actor_system& sys, tls_credentials who, std::chrono::milliseconds patience,
                     std::shared_ptr<unproven_links> unproven, std::shared_ptr<tls_failures> failures)
  : tcp_links(sys,
              sys.spawn<tls_middleman, caf::detached + caf::hidden>(
                  sys.middleman().named_broker<caf::io::basp_broker>("BASP"), std::move(who), unproven,
                  failures, patience),
              unproven, [failures](const std::string& address, const std::string& why) {
                auto of_tls = failures->take(address);
                return of_tls.empty() ? why : of_tls;
              }) {}

} // namespace weir
