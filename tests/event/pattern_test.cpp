#include "actors/event/pattern.hpp"
#include "actors/event/pattern_table.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <random>
#include <set>

using namespace weir;

TEST_CASE("a type is tokens joined by dots") {
  CHECK(check_type("chat.room1.message").empty());
  CHECK(check_type("A-Z_09").empty());
  for (auto bad : {"", ".", "a.", ".a", "a..b", "a b", "a.*", "a.>", "ä"}) {
    INFO(bad);
    CHECK(!check_type(bad).empty());
  }
  CHECK(check_type(std::string(256, 'a')).empty());
  CHECK(!check_type(std::string(257, 'a')).empty());
  CHECK(check_type("1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16").empty());
  CHECK(!check_type("1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17").empty());
}

TEST_CASE("a pattern may hold a star anywhere and a tail at its end") {
  for (auto good : {"*", ">", "a.*", "*.b", "a.>", "*.*.>"}) {
    INFO(good);
    CHECK(check_pattern(good).empty());
  }
  for (auto bad : {"", "a.>.b", "a*", ">a", "a.", "**"}) {
    INFO(bad);
    CHECK(!check_pattern(bad).empty());
  }
}

TEST_CASE("patterns match whole types") {
  struct row {
    const char* pattern;
    const char* type;
    bool match;
  };
  auto [pattern, type, match] = GENERATE(values<row>({
      {"a.b", "a.b", true},
      {"a.b", "a.b.c", false},
      {"a.b.c", "a.b", false},
      {"a.*", "a.b", true},
      {"a.*", "a", false},
      {"a.*", "a.b.c", false},
      {"*.b", "a.b", true},
      {"a.>", "a.b.c", true},
      {"a.>", "a", false},
      {">", "a.b.c", true},
      {"*.*.c", "a.b.c", true},
      {"ab", "a", false},
  }));
  INFO(pattern << " and " << type);
  CHECK(matches(pattern, type) == match);
  pattern_table<std::uint64_t> table;
  table.add(pattern, 1);
  auto found = false;
  table.match(type, [&](auto&) { found = true; });
  CHECK(found == match);
}

TEST_CASE("the pattern table agrees with matching each pattern by itself") {
  auto seed = GENERATE(range(1, 20));
  std::mt19937 random(static_cast<unsigned>(seed));
  auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  auto subject = [&](bool wild) {
    std::string out;
    for (auto i = pick(4); i >= 0; --i) {
      auto token = std::string(1, static_cast<char>('a' + pick(3)));
      if (wild && pick(3) == 0) token.front() = i == 0 && pick(2) == 0 ? '>' : '*';
      out += (out.empty() ? "" : ".") + token;
    }
    return out;
  };
  pattern_table<std::uint64_t> table;
  std::multiset<std::pair<std::string, std::uint64_t>> model;
  for (int step = 0; step < 300; ++step) {
    auto pattern = subject(true);
    auto holder = static_cast<std::uint64_t>(pick(5));
    if (pick(3) > 0) {
      table.add(pattern, holder);
      model.emplace(pattern, holder);
    } else {
      auto i = model.find({pattern, holder});
      CHECK(table.remove(pattern, holder) == (i != model.end()));
      if (i != model.end()) model.erase(i);
    }
    auto type = subject(false);
    std::multiset<std::uint64_t> expected;
    for (auto& [p, h] : model)
      if (matches(p, type)) expected.insert(h);
    std::multiset<std::uint64_t> found;
    table.match(type, [&](auto& holders) { found.insert(holders.begin(), holders.end()); });
    INFO("seed " << seed << " step " << step << " type " << type);
    REQUIRE(found == expected);
    REQUIRE(table.size() == model.size());
  }
}

TEST_CASE("a subject template takes what the wildcards of a pattern matched") {
  CHECK(fill_subject("chat.{1}.reply", "chat.*.message", "chat.room1.message") == "chat.room1.reply");
  CHECK(fill_subject("{2}.{1}", "*.x.*", "a.x.b") == "b.a");
  CHECK(fill_subject("out.{1}", "in.>", "in.a.b") == "out.a.b");
  CHECK(fill_subject("a.{9}.b", "*", "x") == "a..b");
  CHECK(fill_subject("plain", "a", "a") == "plain");
}
