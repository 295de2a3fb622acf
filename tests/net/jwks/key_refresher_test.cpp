// Keys that come from an issuer's address, over a real socket.

#include "net/jwks/key_refresher.hpp"

#include "actors/auth/jws.hpp"
#include "actors/core/base64url.hpp"
#include "actors/messages/meta_objects.hpp"
#include "net/client/https_get.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <catch2/catch_test_macros.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

using namespace weir;
using namespace std::chrono_literals;

namespace {

/// An issuer on loopback that answers each request with one document, or cuts it.
class issuer {
public:
  issuer() {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at);
    ::listen(listener_, 8);
    socklen_t size = sizeof at;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    url = "http://127.0.0.1:" + std::to_string(ntohs(at.sin_port)) + "/keys";
    thread_ = std::thread{[this] { serve(); }};
  }

  ~issuer() {
    ::shutdown(listener_, SHUT_RDWR);
    ::close(listener_);
    thread_.join();
  }

  void say(std::string body) {
    std::lock_guard guard{lock_};
    answer_ = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  void say_raw(std::string answer) {
    std::lock_guard guard{lock_};
    answer_ = std::move(answer);
  }

  std::string url;
  std::atomic<int> asked{0};

private:
  void serve() {
    for (;;) {
      auto peer = ::accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      char bytes[4096];
      static_cast<void>(::recv(peer, bytes, sizeof bytes, 0));
      ++asked;
      std::string answer;
      {
        std::lock_guard guard{lock_};
        answer = answer_;
      }
      static_cast<void>(::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL));
      ::close(peer);
    }
  }

  int listener_ = -1;
  std::mutex lock_;
  std::string answer_;
  std::thread thread_;
};

std::string key_set(const std::string& kid, const std::string& secret) {
  return R"({"keys":[{"kty":"oct","alg":"HS256","kid":")" + kid + R"(","k":")" + to_base64url(secret)
         + "\"}]}";
}

std::string token(const std::string& kid, const std::string& secret) {
  return auth::sign_jws(R"({"sub":"alice","ns":"demo","exp":4000000000})", auth::algorithm::hs256, secret,
                        kid);
}

template <class Condition>
bool comes_true(Condition condition) {
  auto give_up = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

const std::string first(32, 'a');
const std::string second(32, 'b');

} // namespace

TEST_CASE("keys of an issuer are fetched, kept while it is away, and fetched anew for an unknown one",
          "[auth][jwks]") {
  init_meta_objects();
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  authenticator::config settings;
  settings.mode = authenticator::mode::jwt;
  settings.rules.max_ttl_s = 4'000'000'000U;
  auto target = std::make_shared<authenticator>(sys, settings);
  issuer from;
  from.say(key_set("1", first));
  auto accepts = [&](const std::string& text) {
    return std::holds_alternative<identity_ptr>(target->identify(text, 1'800'000'000'000));
  };
  key_refresher refresher{sys, target, {from.url}};
  REQUIRE(comes_true([&] { return accepts(token("1", first)); }));

  for (const auto* bad : {"", "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnot json!"}) {
    from.say_raw(bad);
    CHECK_FALSE(accepts(token("2", second))); // asks for the keys again, in some seconds
    CHECK(accepts(token("1", first)));
  }
  from.say(key_set("2", second)); // rotated
  CHECK(comes_true([&] { return accepts(token("2", second)); }));
  CHECK_FALSE(accepts(token("1", first)));
  CHECK(from.asked <= 5); // not once for each token
}

TEST_CASE("a document that cannot be had is an error that says why", "[auth][jwks]") {
  issuer from;
  auto why = [&](const std::string& url, std::size_t most = 1000) {
    auto got = https_get(url, {}, most, 5s);
    auto* failed = std::get_if<fetch_error>(&got);
    return failed != nullptr ? failed->why : std::string{};
  };
  from.say(std::string(500, 'x'));
  CHECK(why(from.url).empty());
  CHECK_FALSE(why(from.url, 100).empty());
  from.say_raw("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
  CHECK(why(from.url).find("302") != std::string::npos);
  CHECK_FALSE(why("ftp://x").empty());
  CHECK_FALSE(why("http://127.0.0.1:1/").empty());
}
