#include "net/client/tls_client.hpp"
#include "tests/support/openai_fixture.hpp"
#include "tests/support/temp_folder.hpp"

#include <cstdlib>
#include <fstream>
#include <thread>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

namespace {

class tls_fixture : public openai_fixture {
public:
  tls_fixture() { std::ofstream{ca_file} << known.certificate(); }

  openai_config trusting(const std::string& url) { return {url, "tiny", "", ca_file}; }

  bool idle(int n) {
    for (int i = 0; i < 200 && idle_connections() != n; ++i) std::this_thread::sleep_for(5ms);
    return idle_connections() == n;
  }

  test_authority known;
  temp_folder folder;
  std::string ca_file = folder.file("ca.pem");
};

} // namespace

TEST_CASE_METHOD(tls_fixture, "a server is asked over TLS, by connections that are kept alive") {
  model_server server{{known.issue(), false, false}};
  add_pool(config_of("m", 2000, trusting(server.url())));
  for (int i = 0; i < 5; ++i) {
    CHECK(call().outcome.text == "Hello there.");
    CHECK(idle(1));
  }
  CHECK(server.connections() == 1);
}

TEST_CASE_METHOD(tls_fixture, "the next connection goes on with the session of the last one") {
  model_server server{{known.issue(), false, false}};
  server.set({server_reply::answer({"x"}).but([](auto& x) { x.end = server_reply::ending::close; })});
  add_pool(config_of("m", 2000, trusting(server.url())));
  for (int i = 0; i < 3; ++i) {
    CHECK(call().outcome.text == "x");
    CHECK(server.wait_for_open(0));
  }
  CHECK(server.connections() == 3);
  CHECK(server.resumed() >= 1);
}

TEST_CASE_METHOD(tls_fixture, "a server may be named by its address, when its certificate is for that") {
  model_server server{{known.issue({"localhost", "127.0.0.1"}), false, false}};
  add_pool(config_of("m", 2000, trusting(server.url("127.0.0.1"))));
  CHECK(call().outcome.status == run_status::complete);
  model_server other{{known.issue({"localhost", "127.0.0.2"}), false, false}};
  add_pool(config_of("m", 2000, trusting(other.url("127.0.0.1"))));
  auto x = call();
  CHECK(x.outcome.error.message == "the model server's certificate is not accepted: IP address mismatch");
  CHECK(x.outcome.attempts == 1);
  CHECK(other.requests() == 0);
}

TEST_CASE_METHOD(tls_fixture,
                 "without its authority's file a private server is not trusted, and gets no request") {
  model_server server{{known.issue(), false, false}};
  add_pool(config_of("m", 2000, openai_config{server.url(), "tiny", ""}));
  auto x = call();
  CHECK(x.outcome.status == run_status::failed);
  CHECK(x.outcome.error.message.find("certificate is not accepted: ") != std::string::npos);
  CHECK(server.requests() == 0);
}

TEST_CASE_METHOD(tls_fixture, "the system's roots are those that OpenSSL is told to use") {
  ::setenv("SSL_CERT_FILE", ca_file.c_str(), 1);
  model_server server{{known.issue(), false, false}};
  add_pool(config_of("m", 2000, openai_config{server.url(), "tiny", ""}));
  ::unsetenv("SSL_CERT_FILE");
  CHECK(call().outcome.status == run_status::complete);
}

TEST_CASE_METHOD(tls_fixture, "a call over TLS that is cancelled closes its connection at once") {
  model_server server{{known.issue(), false, false}};
  server.set({server_reply::begin_with({"Two"}, server_reply::ending::hang)});
  add_pool(config_of("m", 5000, trusting(server.url())));
  auto result = begin();
  REQUIRE(server.wait_for_open(1));
  for (int i = 0; i < 200 && server.requests() == 0; ++i) std::this_thread::sleep_for(5ms);
  caf::anon_send(last, model_cancel_atom_v, std::uint64_t{1});
  CHECK(result.get().outcome.status == run_status::cancelled);
  CHECK(server.wait_for_open(0));
}

TEST_CASE_METHOD(tls_fixture, "a file of certificates is checked at the start, by name") {
  auto refused = [this](const std::string& text) {
    auto path = folder.file("bad.pem");
    std::ofstream{path} << text;
    return check_openai_config({"https://localhost/v1", "m", "", path}).message;
  };
  CHECK(refused("").find("ca_file: cannot read") == 0);
  CHECK(refused("not PEM").find("holds no certificates in PEM form") != std::string::npos);
  CHECK(refused(known.certificate() + known.certificate().substr(0, 200)).find("holds no")
        != std::string::npos);
  CHECK(refused(known.certificate()).empty());
  CHECK(check_openai_config({"https://h/v1", "m", "", "/no/such.pem"}).message
        == "ca_file: cannot read '/no/such.pem'");
  CHECK(check_openai_config({"https://h/v1", "m", "", folder.path().string()}).message.find("ca_file: ")
        == 0);
  CHECK(check_openai_config({"http://h/v1", "m", "", ca_file}).message == "ca_file: only for an https url");
}
