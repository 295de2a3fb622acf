#include "actors/cluster/member_table.hpp"

#include "testing/fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using change = member_table::change;

namespace {

member_hello node(const std::string& name, const std::string& address, std::uint64_t incarnation = 1) {
  member_hello out;
  out.version = "1.0.0";
  out.name = name;
  out.address = address;
  out.incarnation = incarnation;
  out.secret_mark = "s";
  return out;
}

} // namespace

TEST_CASE("a node is taken in once, however often it says hello") {
  member_table table{node("n1", "a:1")};
  CHECK(table.admit(node("n2", "b:1")).what == change::joined);
  CHECK(table.admit(node("n2", "b:1")).what == change::none);
  CHECK(table.all().size() == 1);
  CHECK(table.has_address("b:1"));
}

TEST_CASE("the second node of one name is refused, and the message says where the first one is") {
  member_table table{node("n1", "a:1")};
  table.admit(node("n2", "b:1"));
  auto other = table.admit(node("n2", "c:1", 2));
  CHECK(other.no.reason == "name_taken");
  CHECK(other.no.message.find("n2 already, at b:1") != std::string::npos);
  CHECK(table.admit(node("n1", "d:1", 2)).no.reason == "name_taken");
  CHECK(table.all().at("n2").address == "b:1");
}

TEST_CASE("a node that comes back to its address takes the place of what it was before") {
  member_table table{node("n1", "a:1")};
  table.admit(node("n2", "b:1", 1));
  auto again = table.admit(node("n2", "b:1", 2));
  CHECK(again.what == change::replaced);
  REQUIRE(again.before);
  CHECK(again.before->incarnation == 1);
  CHECK(table.all().at("n2").incarnation == 2);
}

TEST_CASE("nodes of another version, or with another secret, are refused and told why") {
  member_table table{node("n1", "a:1")};
  auto older = node("n2", "b:1");
  older.version = "0.9.0";
  auto outcome = table.admit(older);
  CHECK(outcome.no.reason == "version");
  CHECK(outcome.no.message.find("0.9.0") != std::string::npos);
  auto stranger = node("n2", "b:1");
  stranger.protocol = cluster_protocol + 1;
  CHECK(table.admit(stranger).no.reason == "version");
  auto foreigner = node("n2", "b:1");
  foreigner.secret_mark = "other";
  outcome = table.admit(foreigner);
  CHECK(outcome.no.reason == "secret");
  CHECK(outcome.no.message.find("other") == std::string::npos);
  CHECK(table.all().empty());
}

TEST_CASE(
    "nodes whose secrets are being exchanged take each other while each verifies what the other signs") {
  auto self = node("n1", "a:1");
  auto takes = [&](const std::string& own, const std::string& theirs) {
    self.secret_mark = own;
    member_table table{self};
    auto other = node("n2", "b:1");
    other.secret_mark = theirs;
    return !table.admit(other).no.refused();
  };
  CHECK(takes("1", "1"));
  CHECK(takes("1", "1,2")); // the next one is known here and there first …
  CHECK(takes("1,2", "1,2"));
  CHECK(takes("2,1", "1,2")); // … then signs
  CHECK(takes("2,1", "2"));
  CHECK_FALSE(takes("1", "2,1"));
  CHECK_FALSE(takes("2", "1,2"));
  CHECK_FALSE(takes("1", "12"));
  CHECK_FALSE(takes("12", "1"));
}

TEST_CASE("a cluster that is full refuses one more node, and keeps those that it has") {
  member_table table{node("n0", "a:0")};
  for (std::size_t i = 1; i <= member_table::max_members; ++i)
    CHECK(table.admit(node("n" + std::to_string(i), "a:" + std::to_string(i))).what == change::joined);
  auto outcome = table.admit(node("more", "b:1"));
  CHECK(outcome.no.reason == "quota");
  CHECK(outcome.no.limit == member_table::max_members);
  CHECK(table.admit(node("n1", "a:1", 2)).what == change::replaced);
}
