// TLS on the clients' port and the admin port of a real node.

#include "tests/integration/node_process.hpp"
#include "tests/support/tls_probe.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <openssl/ssl.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace weir::test;
using nlohmann::json;

namespace {

/// A folder with the files of a node, which goes with it.
class certificate_folder {
public:
  certificate_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-tls-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
    renew();
    write("clients.pem", clients.certificate());
  }
  ~certificate_folder() { std::filesystem::remove_all(path_); }

  std::string file(const std::string& name) const { return path_ + '/' + name; }

  void write(const std::string& name, const std::string& text) const {
    // As deployments do: the new file takes the old one's place whole.
    std::ofstream{file(name + ".new")} << text;
    std::filesystem::rename(file(name + ".new"), file(name));
  }

  void renew() const {
    auto own = authority.issue();
    write("key.pem", own.key);
    write("cert.pem", own.certificate);
  }

  json tls(const std::string& client_auth = "none") const {
    json out{{"cert", file("cert.pem")}, {"key", file("key.pem")}};
    if (client_auth != "none") out["client_ca"] = file("clients.pem");
    out["client_auth"] = client_auth;
    return out;
  }

  test_authority authority;
  test_authority clients{"Weir's clients"};

private:
  std::string path_;
};

tls_probe::options trusting(const certificate_folder& files) {
  tls_probe::options out;
  out.trusted = files.authority.certificate();
  return out;
}

std::string masked(const std::string& text) {
  std::string out{'\x81'};
  if (text.size() < 126) {
    out += static_cast<char>(0x80 | text.size());
  } else {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(text.size() >> 8);
    out += static_cast<char>(text.size() & 255);
  }
  out += std::string(4, '\0'); // a mask of zeros: the text stays as it is
  return out + text;
}

void upgrade(tls_probe& socket) {
  REQUIRE(
      socket.send("GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                  "Sec-WebSocket-Protocol: weir.v1\r\n\r\n"));
  REQUIRE(socket.read_until("\r\n\r\n").find("101") != std::string::npos);
}

} // namespace

TEST_CASE("clients and operators reach a node by TLS 1.2 and 1.3, and by nothing older", "[tls]") {
  certificate_folder files;
  node_process node{json{{"listen", {{"tls", files.tls()}}}, {"admin", {{"tls", files.tls()}}}}.dump()};
  node.start();
  CHECK(node.url().rfind("https://", 0) == 0);
  auto admin_port =
      static_cast<std::uint16_t>(std::stoul(node.admin_url().substr(node.admin_url().rfind(':') + 1)));
  for (auto port : {node.port(), admin_port}) {
    for (auto version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      auto how = trusting(files);
      how.max_version = version;
      tls_probe client{port, how};
      CHECK(client.error() == "");
      CHECK(client.protocol() == "http/1.1");
      CHECK(client.get("/healthz") == 200);
    }
    auto old = trusting(files);
    old.max_version = TLS1_1_VERSION;
    CHECK(tls_probe{port, old}.error() != "");
  }
}

TEST_CASE("events of all sizes pass a WebSocket over TLS whole and in order", "[tls]") {
  certificate_folder files;
  node_process node{
      json{{"listen", {{"tls", files.tls()}}}, {"limits", {{"frame_bytes", 1'000'000}}}}.dump()};
  node.start();
  tls_probe client{node.port(), trusting(files)};
  REQUIRE(client.error() == "");
  upgrade(client);
  REQUIRE(client.send(masked(R"({"op":"hello","namespace":"demo","client_id":"a"})")));
  REQUIRE(client.send(masked(R"({"op":"subscribe","id":"s","pattern":"t"})")));
  client.read_until(R"("id":"s")");
  std::string last;
  for (int i = 0; i < 60; ++i) {
    last = R"("message_id":"m)" + std::to_string(i) + '"';
    REQUIRE(client.send(masked(R"({"op":"publish","type":"t",)" + last + R"(,"data":")"
                               + std::string(static_cast<std::size_t>(i * 1000), 'x') + R"("})")));
  }
  auto got = client.read_until("\"" + std::string(59'000, 'x') + "\""); // the last one's data
  std::size_t at = 0;
  for (int i = 0; i < 60; ++i) {
    INFO(i);
    auto next = got.find("\"" + std::string(static_cast<std::size_t>(i * 1000), 'x') + "\"", at);
    REQUIRE(next != std::string::npos);
    at = next + 1;
  }
}

TEST_CASE("a certificate that is exchanged is what new connections get, and drops none", "[tls]") {
  certificate_folder files;
  node_process node{json{{"listen", {{"tls", files.tls()}}}}.dump()};
  node.start();
  tls_probe before{node.port(), trusting(files)};
  REQUIRE(before.get("/healthz") == 200);
  files.renew();
  std::string serial;
  auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    serial = tls_probe{node.port(), trusting(files)}.serial();
  } while (serial == before.serial() && std::chrono::steady_clock::now() < give_up);
  CHECK(serial != before.serial());
  CHECK(before.get("/healthz") == 200);

  files.write("cert.pem", "no certificate"); // changes nothing
  std::this_thread::sleep_for(std::chrono::seconds{3});
  tls_probe after{node.port(), trusting(files)};
  CHECK(after.serial() == serial);
  CHECK(after.get("/healthz") == 200);
}

TEST_CASE("clients' certificates are wanted as configured", "[tls]") {
  certificate_folder files;
  test_authority stranger{"somebody else"};
  certificate_wish past;
  past.valid_from_s = -7200;
  past.valid_to_s = -3600;
  auto status = [&](std::uint16_t port, std::optional<identity> certificate) {
    auto how = trusting(files);
    how.certificate = std::move(certificate);
    tls_probe client{port, how};
    return client.get("/healthz");
  };
  for (const auto* mode : {"optional", "required"}) {
    INFO(mode);
    node_process node{json{{"listen", {{"tls", files.tls(mode)}}}}.dump()};
    node.start();
    CHECK(status(node.port(), files.clients.issue()) == 200);
    CHECK(status(node.port(), std::nullopt) == (std::string{mode} == "optional" ? 200U : 0U));
    CHECK(status(node.port(), stranger.issue()) == 0);
    CHECK(status(node.port(), files.clients.issue(past)) == 0);
  }
}

TEST_CASE("a port with TLS survives what is no TLS, and who says nothing", "[tls]") {
  certificate_folder files;
  node_process node{json{{"listen", {{"tls", files.tls()}}}}.dump()};
  node.start();
  tls_probe::options any;
  for (int i = 0; i < 20; ++i) {
    auto how = trusting(files);
    how.alpn = i % 2 == 0 ? "h2" : "";
    tls_probe client{node.port(), how};
    CHECK(client.error() == "");
    CHECK(client.get("/healthz") == 200);
  }
}

TEST_CASE("a node with files of TLS that are wrong does not start, and says which", "[tls]") {
  certificate_folder files;
  files.write("cert.pem", "no certificate");
  node_process node{json{{"listen", {{"tls", files.tls()}}}}.dump()};
  CHECK_THROWS(node.start());
  std::ifstream log{node.log_path()};
  std::string text{std::istreambuf_iterator<char>{log}, {}};
  CHECK(text.find("listen.tls.cert") != std::string::npos);
}
