// Nodes that speak TLS with each other, and those that want to be members without the right certificate.

#include "tests/integration/client.hpp"

#include "net/client/http_client.hpp"
#include "tests/support/cutting_proxy.hpp"
#include "tests/support/shell.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/test_certificates.hpp"

#include <catch2/catch_message.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace weir::test;

namespace {

/// Nodes with certificates of one authority, and without.
class tls_cluster {
public:
  tls_cluster() {
    setenv("WEIR_SESSION_SECRET", "a secret of the cluster's own", 1);
    host = make("h1", {"host", "models"}, json::array(), tls("h1", authority));
    host->start();
  }
  ~tls_cluster() { unsetenv("WEIR_SESSION_SECRET"); }

  /// A section `cluster.tls` with a new certificate.
  json tls(const std::string& name, const test_authority& by) const {
    auto own = by.issue({name});
    return {{"cert", write(name + ".pem", own.certificate)},
            {"key", write(name + ".key", own.key)},
            {"ca", write(name + ".ca", by.certificate())}};
  }

  /// @param tls null: plain TCP.
  std::unique_ptr<node_process> make(const std::string& name, json roles, json seeds, json tls) const {
    json config = {{"node", {{"name", name}, {"roles", std::move(roles)}}},
                   {"cluster", {{"listen", "127.0.0.1:0"}, {"seeds", std::move(seeds)}}}};
    if (!tls.is_null()) config["cluster"]["tls"] = std::move(tls);
    return std::make_unique<node_process>(config.dump());
  }

  std::unique_ptr<node_process> gateway(const std::string& name, const std::string& seed, json tls) const {
    auto out = make(name, {"gateway"}, {seed}, std::move(tls));
    out->start();
    return out;
  }

  test_authority authority;
  std::unique_ptr<node_process> host;

private:
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream{folder_.file(name)} << text;
    return folder_.file(name);
  }

  temp_folder folder_;
};

std::size_t members(const node_process& asked) {
  return json::parse(weir::http_fetch(asked.admin_url(), "GET", "/v1/admin/nodes", {}, {}, 10s).body).size();
}

std::string log_of(const node_process& node) {
  std::ostringstream out;
  out << std::ifstream{node.log_path()}.rdbuf();
  return out.str();
}

/// Waits until a node has logged this.
bool logs(const node_process& node, const std::string& what) {
  for (int i = 0; i < 200; ++i) {
    if (log_of(node).find(what) != std::string::npos) return true;
    std::this_thread::sleep_for(50ms);
  }
  return false;
}

json publish_of(int i, const std::string& data = "x") {
  return {{"op", "publish"}, {"type", "chat.a"}, {"message_id", "m" + std::to_string(i)}, {"data", data}};
}

/// A plain connection to where a node listens for others.
class plain_socket {
public:
  explicit plain_socket(const std::string& address) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  }
  ~plain_socket() { close(fd_); }
  plain_socket(const plain_socket&) = delete;

  void send(const std::string& text) {
    CHECK(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  }

  /// Whether the node closes it within a few seconds.
  bool is_closed() {
    timeval patience{5, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    char buffer[4096];
    for (;;) {
      auto n = recv(fd_, buffer, sizeof buffer, 0);
      if (n == 0 || (n < 0 && errno == ECONNRESET)) return true;
      if (n < 0) return false;
    }
  }

private:
  int fd_;
};

} // namespace

TEST_CASE("nodes with certificates of one authority exchange events, and go on when one was killed") {
  tls_cluster all;
  auto g1 = all.gateway("g1", all.host->cluster_address(), all.tls("g1", all.authority));
  client alice{*g1, "alice"}, bob{*g1, "bob"};
  CHECK(bob.subscribe("chat.*")["op"] == "ok");
  for (int i = 1; i <= 50; ++i) CHECK(alice.ask(publish_of(i))["seq"] == i);
  all.host->kill();
  all.host->start();
  for (int i = 51; i <= 60; ++i) {
    auto got = alice.insist(publish_of(i));
    REQUIRE(got["seq"] == i);
  }
  for (int i = 1; i <= 60; ++i) REQUIRE(bob.await("event")["message_id"] == "m" + std::to_string(i));
}

TEST_CASE("large events and many of them get through TLS, in order") {
  tls_cluster all;
  auto g1 = all.gateway("g1", all.host->cluster_address(), all.tls("g1", all.authority));
  auto g2 = all.gateway("g2", all.host->cluster_address(), all.tls("g2", all.authority));
  client alice{*g1, "alice"}, bob{*g2, "bob"};
  CHECK(bob.subscribe("chat.*")["op"] == "ok");
  std::string data(50'000, 'x'); // more than a record of TLS holds
  for (int i = 1; i <= 300; ++i) alice.send(publish_of(i, i % 3 == 0 ? data : "x"));
  for (int i = 1; i <= 300; ++i) REQUIRE(bob.await("event")["message_id"] == "m" + std::to_string(i));
  CHECK(members(*g2) == 3);
}

TEST_CASE("what goes over the wire between nodes is not plain text with TLS, and is without") {
  auto is_secret = GENERATE(true, false);
  tls_cluster all;
  std::unique_ptr<node_process> plain;
  if (!is_secret) (plain = all.make("h2", {"host", "models"}, json::array(), {}))->start();
  auto& host = is_secret ? *all.host : *plain;
  auto& address = host.cluster_address();
  cutting_proxy wire{static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)))};
  wire.record();
  auto g1 = all.gateway("g1", "127.0.0.1:" + std::to_string(wire.port()),
                        is_secret ? all.tls("g1", all.authority) : json());
  client alice{*g1, "alice"};
  CHECK(alice.ask(publish_of(1, "nobody else reads this"))["seq"] == 1);
  CHECK(wire.recorded().size() > 1000);
  CHECK((wire.recorded().find("nobody else reads this") == std::string::npos) == is_secret);
}

TEST_CASE("a node without TLS is no member among those with it, and the log says why") {
  tls_cluster all;
  SECTION("it dials") {
    auto g1 = all.gateway("g1", all.host->cluster_address(), {});
    CHECK(logs(*all.host, "cluster: refused a connection from 127.0.0.1: it does not speak TLS: "
                          "cluster.tls is not set there, or it is no node"));
    CHECK(members(*all.host) == 1);
    CHECK(members(*g1) == 1);
    CHECK(logs(*g1, "cluster: no member at " + all.host->cluster_address()
                        + ": it ended the connection before it had said who it is"));
  }
  SECTION("it is dialled") {
    auto plain = all.make("h2", {"host", "models"}, json::array(), {});
    plain->start();
    auto g1 = all.gateway("g1", plain->cluster_address(), all.tls("g1", all.authority));
    CHECK(logs(*g1, "cluster: no member at " + plain->cluster_address() + ": it does not speak TLS"));
    CHECK(members(*g1) == 1);
    CHECK(members(*plain) == 1);
  }
}

TEST_CASE("a node with another authority's certificate is no member, and both logs say why") {
  tls_cluster all;
  test_authority other{"another authority"};
  auto g1 = all.gateway("g1", all.host->cluster_address(), all.tls("g1", other));
  CHECK(logs(*all.host, "cluster: refused a connection from 127.0.0.1: it does not accept this node's "
                        "certificate: "));
  CHECK(logs(*g1,
             "cluster: no member at " + all.host->cluster_address() + ": its certificate is not accepted: "));
  CHECK(members(*all.host) == 1);
  CHECK(members(*g1) == 1);
}

TEST_CASE("connections that say nothing, or something else than TLS, hold up no node") {
  tls_cluster all;
  std::vector<std::unique_ptr<plain_socket>> silent;
  for (int i = 0; i < 65; ++i) // one more than may be under way
    silent.push_back(std::make_unique<plain_socket>(all.host->cluster_address()));
  CHECK(silent.front()->is_closed());
  CHECK(logs(*all.host, "it has not shown who it is"));
  plain_socket loud{all.host->cluster_address()};
  loud.send("GET / HTTP/1.1\r\nHost: somewhere\r\n\r\n" + std::string(100'000, 'x'));
  CHECK(loud.is_closed());
  auto g1 = all.gateway("g1", all.host->cluster_address(), all.tls("g1", all.authority));
  client alice{*g1, "alice"};
  CHECK(alice.ask(publish_of(1))["seq"] == 1);
  CHECK(all.host->stop() == 0);
}

TEST_CASE("a node does not start with certificates that no other would take, and says which key it is") {
  setenv("WEIR_SESSION_SECRET", "a secret of the cluster's own", 1);
  auto got = run("node --set cluster.listen=127.0.0.1:0 --set cluster.tls.cert=/missing.pem --set "
                 "cluster.tls.key=/missing.pem --set cluster.tls.ca=/missing.pem 2>&1");
  CHECK(got.status == 2);
  CHECK(got.out == "cluster.tls.cert: cannot read '/missing.pem'\n");
  unsetenv("WEIR_SESSION_SECRET");
}
