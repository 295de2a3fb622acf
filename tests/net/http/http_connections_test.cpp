#include "net/http/http_connections.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

struct fake_connection : http_connection {
  explicit fake_connection(http_connections& all) : all(all) {}
  ~fake_connection() override { all.leave(*this); }
  void make_room() override {
    closed = true;
    all.leave(*this);
  }
  http_connections& all;
  bool closed = false;
};

} // namespace

TEST_CASE("with too many connections the one that has waited longest is closed", "[http]") {
  http_connections all;
  fake_connection a{all}, b{all}, c{all}, d{all};
  all.join(a, 2);
  all.join(b, 2);
  all.busy(a);
  all.join(c, 2);
  CHECK_FALSE(a.closed); // has a request in hand
  CHECK(b.closed);
  all.idle(a);
  all.join(d, 2);
  CHECK(c.closed); // has waited longer than a, since its last request
  CHECK_FALSE(a.closed);
  CHECK(all.size() == 2);
}

TEST_CASE("with nothing but requests in hand the new connection is closed", "[http]") {
  http_connections all;
  fake_connection a{all}, b{all};
  all.join(a, 1);
  all.busy(a);
  all.join(b, 1);
  CHECK(b.closed);
  CHECK_FALSE(a.closed);
  all.leave(a);
  all.leave(a); // once only
  CHECK(all.size() == 0);
}
