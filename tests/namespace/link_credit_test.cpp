#include "actors/namespace/link_credit.hpp"

#include "net/feed.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

std::vector<delivery> events(std::uint64_t first, std::uint64_t last, bool ephemeral = false) {
  std::vector<delivery> out;
  for (auto seq = first; seq <= last; ++seq) {
    event x;
    x.seq = ephemeral ? 0 : seq;
    x.type = "a";
    x.client_id = "c";
    x.message_id = "m" + std::to_string(seq);
    x.data = std::string(1000, 'x');
    out.push_back({std::make_shared<const event>(std::move(x)), nullptr});
  }
  return out;
}

} // namespace

TEST_CASE("the link to a relay of the same node has no bound") {
  link_credit link{0};
  for (std::uint64_t i = 1; i <= 1000; ++i) CHECK(link.take(events(i, i)));
  CHECK_FALSE(link.leaves_out());
}

TEST_CASE("a full link leaves out whole batches until half of it is free, and says where to go on") {
  auto one = link_bytes(events(1, 1));
  link_credit link{10 * one};
  for (std::uint64_t i = 1; i <= 10; ++i) CHECK(link.take(events(i, i)));
  CHECK_FALSE(link.take(events(11, 11)));
  CHECK_FALSE(link.on_receipt(one)); // there is room, but a hole already
  CHECK_FALSE(link.take(events(12, 12)));
  CHECK_FALSE(link.take(events(13, 15, true)));
  CHECK(link.on_receipt(4 * one));
  auto told = link.resume(12);
  CHECK(told.seq == 12);
  CHECK(told.ephemeral == 3);
  CHECK(link.take(events(13, 13)));
  CHECK_FALSE(link.on_receipt(one));
  CHECK_FALSE(link.leaves_out());
}

TEST_CASE("a batch that is larger than the bound goes when nothing else is on its way") {
  link_credit link{1000};
  CHECK(link.take(events(1, 50)));
  CHECK_FALSE(link.take(events(51, 51)));
  CHECK(link.on_receipt(link_bytes(events(1, 50))));
}
