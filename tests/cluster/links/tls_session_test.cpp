#include "actors/cluster/links/tls_session.hpp"

#include "tests/support/temp_folder.hpp"
#include "tests/support/test_certificates.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <csignal>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace weir;
using caf::io::network::rw_state;

namespace {

tls_credentials credentials_of(const test::test_authority& by) {
  test::temp_folder folder;
  auto own = by.issue();
  auto write = [&folder](const std::string& name, const std::string& text) {
    std::ofstream{folder.file(name)} << text;
    return folder.file(name);
  };
  tls_files files{write("cert", own.certificate), write("key", own.key), write("ca", by.certificate())};
  return std::get<tls_credentials>(load_tls_credentials(files));
}

/// Two sockets that are connected and do not block.
struct socket_pair {
  socket_pair() {
    std::signal(SIGPIPE, SIG_IGN);
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0);
  }
  ~socket_pair() { close_one(0), close_one(1); }

  void close_one(int i) {
    if (fd[i] >= 0) close(fd[i]);
    fd[i] = -1;
  }

  int fd[2];
};

/// One side of a link, and what it has to say of it.
struct end {
  end(const tls_credentials& who, int socket, bool dials)
    : session(who, socket,
              {dials, [this] { ++ready; }, [this](const std::string& why) { failures.push_back(why); }}) {}

  /// What has come.
  std::string read(rw_state& state) {
    char buffer[4096];
    std::size_t n = 0;
    state = session.read_some(n, buffer, sizeof buffer);
    return {buffer, n};
  }

  rw_state step() {
    rw_state out = rw_state::success;
    got += read(out);
    return out;
  }

  int ready = 0;
  std::string got;
  std::vector<std::string> failures;
  tls_session session;
};

/// Lets both go on until one has failed, or for long enough.
void run(end& a, end& b) {
  for (int i = 0; i < 10; ++i)
    if (a.step() == rw_state::failure || b.step() == rw_state::failure) break;
  a.step();
  b.step();
}

std::string only(const std::vector<std::string>& all) {
  REQUIRE(all.size() == 1);
  return all.front();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("two nodes of one authority agree, and what one writes the other reads") {
  test::test_authority authority;
  socket_pair wire;
  end dialler{credentials_of(authority), wire.fd[0], true};
  end listener{credentials_of(authority), wire.fd[1], false};
  run(dialler, listener);
  CHECK(dialler.ready == 1);
  CHECK(listener.ready == 1);
  std::string text = "what goes over the wire";
  std::size_t n = 0;
  CHECK(dialler.session.write_some(n, text.data(), text.size()) == rw_state::success);
  CHECK(n == text.size());
  listener.step();
  CHECK(listener.got == text);
  CHECK(dialler.failures.empty());
  CHECK(listener.failures.empty());
}

TEST_CASE("what has been decrypted and not been read is told of") {
  test::test_authority authority;
  socket_pair wire;
  end dialler{credentials_of(authority), wire.fd[0], true};
  end listener{credentials_of(authority), wire.fd[1], false};
  run(dialler, listener);
  std::size_t n = 0;
  dialler.session.write_some(n, "0123456789", 10);
  char buffer[4];
  CHECK(listener.session.read_some(n, buffer, sizeof buffer) == rw_state::success);
  CHECK(listener.session.has(6));
  CHECK_FALSE(listener.session.has(7));
}

TEST_CASE("a node of another authority is told apart, on both sides and in words") {
  auto name = GENERATE(as<std::string>{}, "another", "Weir's test authority"); // made anew under its old name
  test::test_authority ours, theirs{name};
  socket_pair wire;
  end dialler{credentials_of(theirs), wire.fd[0], true};
  end listener{credentials_of(ours), wire.fd[1], false};
  run(dialler, listener);
  CHECK(dialler.ready == 0);
  CHECK(listener.ready == 0);
  CHECK(has(only(dialler.failures), "its certificate is not accepted: "));
  CHECK(has(only(listener.failures), "it does not accept this node's certificate: "));
}

TEST_CASE("a node that believes more than the other is told that its own certificate was not accepted") {
  test::test_authority ours, theirs{"another"};
  test::temp_folder folder;
  auto own = theirs.issue();
  auto write = [&folder](const std::string& name, const std::string& text) {
    std::ofstream{folder.file(name)} << text;
    return folder.file(name);
  };
  tls_files files{write("cert", own.certificate), write("key", own.key),
                  write("ca", ours.certificate() + theirs.certificate())};
  socket_pair wire;
  end dialler{std::get<tls_credentials>(load_tls_credentials(files)), wire.fd[0], true};
  end listener{credentials_of(ours), wire.fd[1], false};
  run(dialler, listener);
  CHECK(listener.ready == 0);
  CHECK(has(only(listener.failures), "its certificate is not accepted: "));
  CHECK(has(only(dialler.failures), "this node's certificate"));
}

TEST_CASE("who speaks something else is refused, and why is said once") {
  test::test_authority authority;
  socket_pair wire;
  end listener{credentials_of(authority), wire.fd[1], false};
  std::string text = "GET / HTTP/1.1\r\nHost: somewhere\r\n\r\n";
  REQUIRE(write(wire.fd[0], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  CHECK(listener.step() == rw_state::failure);
  CHECK(listener.step() == rw_state::failure);
  CHECK(has(only(listener.failures), "it does not speak TLS"));
}

TEST_CASE("who says nothing is waited for, and named when it has gone") {
  test::test_authority authority;
  socket_pair wire;
  end listener{credentials_of(authority), wire.fd[1], false};
  CHECK(listener.step() == rw_state::want_read);
  CHECK(listener.failures.empty());
  wire.close_one(0);
  CHECK(listener.step() == rw_state::failure);
  CHECK(has(only(listener.failures), "it said nothing"));
}

TEST_CASE("who dials waits for the other to show who it is, but not for ever") {
  test::test_authority authority;
  socket_pair wire;
  end dialler{credentials_of(authority), wire.fd[0], true};
  SECTION("it does") {
    end listener{credentials_of(authority), wire.fd[1], false};
    std::thread other([&] { CHECK(listener.session.agree(std::chrono::seconds{20})); });
    CHECK(dialler.session.agree(std::chrono::seconds{20}));
    other.join();
    CHECK(dialler.failures.empty());
  }
  SECTION("it says nothing") {
    CHECK_FALSE(dialler.session.agree(std::chrono::milliseconds{20}));
    CHECK(has(only(dialler.failures), "in time"));
  }
  SECTION("it says something else") {
    CHECK(write(wire.fd[1], "something else than TLS", 23) == 23);
    CHECK_FALSE(dialler.session.agree(std::chrono::seconds{20}));
    CHECK(has(only(dialler.failures), "it does not speak TLS"));
  }
}

TEST_CASE("a link that was agreed on and ends is no failure of TLS") {
  test::test_authority authority;
  socket_pair wire;
  end dialler{credentials_of(authority), wire.fd[0], true};
  end listener{credentials_of(authority), wire.fd[1], false};
  run(dialler, listener);
  wire.close_one(0);
  CHECK(listener.step() == rw_state::failure);
  CHECK(listener.failures.empty());
}
