#include "net/client/connect_race.hpp"

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <stdexcept>

#include <sys/socket.h>
#include <unistd.h>

using namespace weir;
using namespace std::chrono_literals;
using tcp = connect_race::tcp;

namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds enough{20}; // never used up where the test passes

/// An address of this machine that swallows connection requests: its queue of accepted ones is full.
class silent_address {
public:
  silent_address() : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}), client_(context_) {
    if (::listen(acceptor_.native_handle(), 0) != 0) throw std::runtime_error("listen");
    client_.connect(where()); // the only place
  }

  tcp::endpoint where() const { return acceptor_.local_endpoint(); }

private:
  asio::io_context context_;
  tcp::acceptor acceptor_;
  tcp::socket client_;
};

struct race_fixture {
  race_fixture() : server(context, {asio::ip::address_v4::loopback(), 0}) {}

  /// What comes of it; nothing: it was not called.
  void run(std::vector<tcp::endpoint> endpoints, std::chrono::milliseconds time = enough) {
    calls = 0;
    race = connect_race::start(
        context, std::move(endpoints),
        [this](connect_race::error_code error, tcp::socket socket) {
          ++calls;
          failed = error;
          if (!error) peer = socket.remote_endpoint();
          context.stop();
        },
        1ms);
    context.restart();
    context.run_for(time);
  }

  tcp::endpoint good() const { return server.local_endpoint(); }

  /// One where nobody listens.
  tcp::endpoint refusing() {
    tcp::acceptor gone{context, {asio::ip::address_v4::loopback(), 0}};
    return gone.local_endpoint();
  }

  asio::io_context context;
  tcp::acceptor server;
  std::shared_ptr<connect_race> race;
  int calls = 0;
  std::optional<connect_race::error_code> failed;
  tcp::endpoint peer;
};

} // namespace

TEST_CASE_METHOD(race_fixture,
                 "an address that swallows packets does not keep the next one from being tried") {
  silent_address silent;
  run({silent.where(), good()});
  REQUIRE(calls == 1);
  CHECK_FALSE(*failed);
  CHECK(peer == good());
}

TEST_CASE_METHOD(race_fixture, "an address that refuses is followed by the next at once") {
  run({refusing(), refusing(), good()});
  REQUIRE(calls == 1);
  CHECK(peer == good());
}

TEST_CASE_METHOD(race_fixture, "where no address takes the connection, the last one's error is told") {
  run({refusing(), refusing()});
  REQUIRE(calls == 1);
  CHECK(*failed == asio::error::connection_refused);
  run({});
  REQUIRE(calls == 1);
  CHECK(*failed == asio::error::not_found);
}

TEST_CASE_METHOD(race_fixture, "at most eight addresses are tried at once") {
  silent_address silent;
  std::vector<tcp::endpoint> all(connect_race::max_in_flight, silent.where());
  all.push_back(good());
  run(all, 200ms);
  CHECK(calls == 0); // the ninth waits until one of the eight has failed
  race->cancel();
  all.erase(all.begin());
  run(all);
  REQUIRE(calls == 1);
  CHECK(peer == good());
}

TEST_CASE_METHOD(race_fixture, "what was cancelled calls nobody") {
  silent_address silent;
  run({silent.where(), silent.where()}, 50ms);
  race->cancel();
  run({good()});
  CHECK(calls == 1);
}

TEST_CASE("the families of addresses take turns, the first one's first") {
  auto v4 = [](unsigned short port) { return tcp::endpoint{asio::ip::address_v4::loopback(), port}; };
  auto v6 = [](unsigned short port) { return tcp::endpoint{asio::ip::address_v6::loopback(), port}; };
  CHECK(in_turn({v6(1), v6(2), v6(3), v4(4)}) == std::vector<tcp::endpoint>{v6(1), v4(4), v6(2), v6(3)});
  CHECK(in_turn({v4(1), v4(2), v6(3)}) == std::vector<tcp::endpoint>{v4(1), v6(3), v4(2)});
  CHECK(in_turn({}).empty());
}
