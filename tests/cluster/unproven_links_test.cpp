#include "actors/cluster/links/unproven_links.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace weir;
using namespace std::chrono_literals;

namespace {

struct fake_link : accepted_link {
  bool is_proven() const noexcept override { return proven; }
  void give_up(const std::string& why) override { closed = why; }

  bool proven = false;
  std::string closed;
};

} // namespace

TEST_CASE("a connection that does not show who it is in time is closed") {
  unproven_links::time_point now{};
  unproven_links links{8, 5s};
  auto silent = std::make_shared<fake_link>(), node = std::make_shared<fake_link>(),
       late = std::make_shared<fake_link>();
  links.add(silent, now);
  links.add(node, now);
  links.add(late, now + 3s);
  node->proven = true;
  links.expire(now + 4s);
  CHECK(silent->closed.empty());
  links.expire(now + 5s);
  CHECK_FALSE(silent->closed.empty());
  CHECK(node->closed.empty());
  CHECK(late->closed.empty());
  CHECK(links.size() == 1);
}

TEST_CASE("above the bound the oldest connection that has not shown who it is gives way") {
  unproven_links::time_point now{};
  unproven_links links{2, 5s};
  std::vector<std::shared_ptr<fake_link>> all;
  for (int i = 0; i < 4; ++i) links.add(all.emplace_back(std::make_shared<fake_link>()), now);
  CHECK_FALSE(all[0]->closed.empty());
  CHECK_FALSE(all[1]->closed.empty());
  CHECK(all[2]->closed.empty());
  CHECK(links.size() == 2);
  all[2]->proven = true;
  auto next = std::make_shared<fake_link>();
  links.add(next, now); // the place of one that has shown it is free
  CHECK(all[3]->closed.empty());
  CHECK(links.size() == 2);
  all.clear();
  links.expire(now);
  CHECK(links.size() == 1); // of those that are gone nothing is kept
}
