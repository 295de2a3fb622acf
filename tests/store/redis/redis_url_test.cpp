#include "actors/store/redis/redis_url.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace weir;

namespace {

redis_address read(const std::string& url) {
  auto out = parse_redis_url(url);
  if (auto* wrong = std::get_if<std::string>(&out)) FAIL(url << ": " << *wrong);
  return std::get<redis_address>(out);
}

std::string wrong(const std::string& url) {
  auto out = parse_redis_url(url);
  auto* said = std::get_if<std::string>(&out);
  return said ? *said : "it was taken";
}

} // namespace

TEST_CASE("a store's URL says where the server is and who we are there", "[redis]") {
  auto x = read("redis://db.example");
  CHECK(x.host == "db.example");
  CHECK(x.port == 6379);
  CHECK(x.user.empty());
  CHECK(x.password.empty());
  CHECK(x.database == 0);
  x = read("redis://me:p%40ss:w@rd@10.0.0.1:7000/12");
  CHECK(x.host == "10.0.0.1");
  CHECK(x.port == 7000);
  CHECK(x.user == "me");
  CHECK(x.password == "p@ss:w@rd");
  CHECK(x.database == 12);
  x = read("redis://:secret@[::1]:7000/");
  CHECK(x.host == "::1");
  CHECK(x.port == 7000);
  CHECK(x.user.empty());
  CHECK(x.password == "secret");
  CHECK(read("redis://me:a/b?c#d e%2F@a/3").password == "a/b?c#d e/");
  CHECK(read("redis://me@a").user == "me");
  CHECK(read("redis://[::1]").host == "::1");
}

TEST_CASE("what is wrong with a store's URL is named and not repeated", "[redis]") {
  CHECK(wrong("http://a") == "must begin with redis://");
  CHECK(wrong("") == "must begin with redis://");
  CHECK(wrong("rediss://a").find("TLS") != std::string::npos);
  CHECK(wrong("redis://") == "the host is missing");
  CHECK(wrong("redis://:p@") == "the host is missing");
  CHECK(wrong("redis://:p@:1") == "the host is missing");
  for (auto* port : {"", "0", "65536", "x", "1x", "-1", "99999999999999999999"})
    CHECK(wrong(std::string{"redis://a:"} + port).find("the port must be") == 0);
  for (auto* database : {"x", "1x", "-1", "1000001", "1/2"})
    CHECK(wrong(std::string{"redis://a/"} + database) == "the database must be a number");
  CHECK(wrong("redis://[::1") == "the host has a [ without a ]");
  CHECK(wrong("redis://[::1]x") == "only a port may follow the ]");
  CHECK(wrong("redis://a?db=1") == "must have no query and no fragment");
  for (auto* password : {"%", "%1", "%zz", "%1z"})
    CHECK(wrong(std::string{"redis://:"} + password + "@a").find("hexadecimal") != std::string::npos);
}
