#include "net/session_token.hpp"

#include "actors/core/base64url.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>
#include <stdexcept>
#include <string>

using namespace weir;

namespace {

const std::string secret = "0123456789abcdef";

// Another implementation's HMAC-SHA256 (Python's hmac) of the same claims under the same secret.
const std::string known_token = "eyJjbGllbnQiOiJhbGljZSIsImV4cCI6MjAwMCwibnMiOiJkZW1vIiwic2Vzc2lvbiI6InMtMSJ9"
                                ".lvbkTcgzY9Uoz-cjLfRWdCnUn0lDJmqHRUq2ugxhv_M";

session_claims some_claims() { return {"demo", "alice", "s-1", 2'000}; }

} // namespace

TEST_CASE("a session's token gives back what was signed") {
  session_signer signer{secret};
  CHECK(signer.sign(some_claims()) == known_token);
  auto got = signer.verify(known_token, 1'999);
  REQUIRE(got);
  CHECK(got->ns == "demo");
  CHECK(got->client_id == "alice");
  CHECK(got->session == "s-1");
  CHECK(got->expires_ms == 2'000);
}

TEST_CASE("a session's token says which history its client knows, and how far; older ones do not") {
  session_signer signer{secret};
  auto claims = some_claims();
  claims.epoch = "9f3c";
  claims.seq = 17;
  auto got = signer.verify(signer.sign(claims), 0);
  REQUIRE(got);
  CHECK(got->epoch == "9f3c");
  CHECK(got->seq == 17);
  CHECK(signer.verify(known_token, 0)->epoch.empty());
  CHECK(signer.verify(known_token, 0)->seq == 0);
}

TEST_CASE("a session's token ends with its time") {
  session_signer signer{secret};
  CHECK(signer.verify(known_token, 0));
  CHECK_FALSE(signer.verify(known_token, 2'000));
  CHECK_FALSE(signer.verify(known_token, 1'000'000));
}

TEST_CASE("a session's token is good at every node with the secret, and at no other") {
  CHECK(session_signer{secret}.verify(session_signer{secret}.sign(some_claims()), 0));
  CHECK_FALSE(session_signer{"0123456789abcdeF"}.verify(known_token, 0));
  CHECK_FALSE(session_signer{secret + "0"}.verify(known_token, 0));
}

TEST_CASE("a session secret has at least 16 bytes") {
  CHECK_THROWS_AS(session_signer{""}, std::invalid_argument);
  CHECK_THROWS_AS(session_signer{std::string(15, 'x')}, std::invalid_argument);
  CHECK_NOTHROW(session_signer{std::string(16, 'x')});
}

TEST_CASE("a session's token with any byte changed, missing or added is refused") {
  session_signer signer{secret};
  for (std::size_t i = 0; i < known_token.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      auto token = known_token;
      token[i] = static_cast<char>(token[i] ^ (1 << bit));
      INFO(token);
      CHECK_FALSE(signer.verify(token, 0));
    }
    CHECK_FALSE(signer.verify(known_token.substr(0, i), 0));
    CHECK_FALSE(signer.verify(known_token.substr(i + 1), 0));
    auto longer = known_token;
    longer.insert(i, 1, 'A');
    CHECK_FALSE(signer.verify(longer, 0));
  }
  CHECK_FALSE(signer.verify(known_token + "=", 0));
  CHECK_FALSE(signer.verify(known_token + ".x", 0));
}

TEST_CASE("a session's token of another shape is refused, though it is signed") {
  session_signer signer{secret};
  for (auto* token : {
           "W10.tJQQCDeX4z7Wy-5EGMwTTleRN7x0Qes0hJkWQ3h8dtk",                                // []
           ".SW3JP6LSbq5QDsC8N6EicGuI-JY86_CJnQJF-uMT4kE",                                   // nothing
           "_w.QrIWxRpXCYqCvrT_hszNjHjxtn343i0Vf-epyw47EPI",                                 // the byte 0xff
           "not*base64.Ezg8vdXo1g8F6uwSW7GwyDZPnyfIRbl-GPVdLpN3fqg",                         // as it says
           "eyJjbGllbnQiOiJhbGljZSIsImV4cCI6IjIwMDAiLCJucyI6ImRlbW8iLCJzZXNzaW9uIjoicy0xIn0" // "exp":"2000"
           ".BR1bjuRC9UKGFXb54t3tWru561STzdVqqjk8XCo93RQ",
           "eyJjbGllbnQiOiJhbGljZSIsImV4cCI6MjAwMCwibnMiOiJkZW1vIn0" // no "session"
           ".knJHsYzFaW5Ei2NyeonASse7qtDMq7dLktwzETqBKuk",
           "eyJjbGllbnQiOjcsImV4cCI6MjAwMCwibnMiOiJkZW1vIiwic2Vzc2lvbiI6InMtMSJ9" // "client":7
           ".xvND7vA7Raj8i0criARwhROrJ2wb1TLI16rXl9yEKgU",
       }) {
    INFO(token);
    CHECK_FALSE(signer.verify(token, 0));
  }
}

TEST_CASE("a session's token of random bytes is refused and does no harm") {
  session_signer signer{secret};
  std::mt19937 random{7};
  for (int i = 0; i < 2'000; ++i) {
    std::string token(random() % 200, '\0');
    for (auto& c : token) c = static_cast<char>(random());
    if (i % 2 == 0) token.insert(random() % (token.size() + 1), 1, '.');
    CHECK_FALSE(signer.verify(token, 0));
  }
}

TEST_CASE("base64url is the one of RFC 4648, without padding") {
  for (auto& [bytes, text] : {std::pair<std::string, std::string>{"", ""},
                              {"f", "Zg"},
                              {"fo", "Zm8"},
                              {"foo", "Zm9v"},
                              {"foob", "Zm9vYg"},
                              {"fooba", "Zm9vYmE"},
                              {"foobar", "Zm9vYmFy"},
                              {"\xfb\xff\xfe", "-__-"}}) {
    CHECK(to_base64url(bytes) == text);
    CHECK(from_base64url(text) == bytes);
  }
  for (auto* bad : {"Z", "Zg==", "Zh", "Zm9", "Zm8+", "Zm 8", "Zm8\n", "Zm9vZ", "\xff\xff"}) {
    INFO(bad);
    CHECK_FALSE(from_base64url(bad));
  }
}

TEST_CASE("while a secret is exchanged the newest signs and the older ones still verify") {
  const std::string older = "the older secret", newer = "the newer secret";
  session_signer signer{older};
  auto before = signer.sign(some_claims());
  signer.replace({newer, older});
  auto after = signer.sign(some_claims());
  CHECK(signer.verify(before, 0));
  CHECK(signer.verify(after, 0));
  CHECK_FALSE(session_signer{older}.verify(after, 0));
  CHECK(session_signer{newer}.verify(after, 0));
  signer.replace({newer});
  CHECK_FALSE(signer.verify(before, 0));
  CHECK(signer.verify(after, 0));
}

TEST_CASE("secrets that are no good replace none") {
  session_signer signer{secret};
  CHECK_THROWS_AS(signer.replace({}), std::invalid_argument);
  CHECK_THROWS_AS(signer.replace({"the newer secret", "short"}), std::invalid_argument);
  CHECK(signer.verify(session_signer{secret}.sign(some_claims()), 0));
}

TEST_CASE("nodes know each other's secrets by marks that do not tell them") {
  session_signer both{std::vector<std::string>{"the newer secret", "the older secret"}};
  auto older = session_signer{"the older secret"}.marks();
  auto newer = session_signer{"the newer secret"}.marks();
  CHECK(both.marks() == newer + ',' + older);
  CHECK(older != newer);
  CHECK(older.find_first_not_of("0123456789") == std::string::npos);
}
