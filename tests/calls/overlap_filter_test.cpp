#include "actors/calls/overlap_filter.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace weir;

namespace {

const std::string so_far = "Das Wehr hält, über die Nacht";

/// What comes through of a continuation that is cut into pieces of this many bytes.
std::string through(overlap_filter filter, const std::string& continuation, std::size_t piece_bytes) {
  std::string out;
  for (std::size_t at = 0; at < continuation.size(); at += piece_bytes)
    out += filter.add(std::string_view{continuation}.substr(at, piece_bytes));
  return out + filter.flush();
}

} // namespace

TEST_CASE("an exact repeat of the whole text is taken out, however it is cut") {
  for (std::size_t piece_bytes = 1; piece_bytes < 60; ++piece_bytes) {
    CHECK(through(overlap_filter{so_far}, so_far + " hinweg.", piece_bytes) == " hinweg.");
    CHECK(through(overlap_filter{so_far}, so_far, piece_bytes).empty());
    CHECK(through(overlap_filter{so_far}, so_far + so_far, piece_bytes) == so_far); // once only
  }
}

TEST_CASE("whatever differs by one byte comes through whole") {
  for (std::size_t at = 0; at < so_far.size(); ++at) {
    auto other = so_far + " hinweg.";
    other[at] = '#';
    for (std::size_t piece_bytes : {1, 3, 100})
      CHECK(through(overlap_filter{so_far}, other, piece_bytes) == other);
  }
  CHECK(through(overlap_filter{so_far}, so_far.substr(0, 20), 3) == so_far.substr(0, 20));
  CHECK(through(overlap_filter{so_far}, " " + so_far, 3) == " " + so_far);
}

TEST_CASE("a piece is held back only while it matches") {
  overlap_filter filter{so_far};
  CHECK(filter.add("Das").empty());
  CHECK(filter.add(" Haus") == "Das Haus");
  CHECK(filter.add("Das") == "Das");
  overlap_filter other{so_far};
  CHECK(other.add("Ein") == "Ein");
}

TEST_CASE("a short text may be said again, and without any nothing is held back") {
  std::string fifteen(15, 'x');
  CHECK(through(overlap_filter{fifteen}, fifteen + "y", 2) == fifteen + "y");
  std::string sixteen_umlauts;
  for (int i = 0; i < 16; ++i) sixteen_umlauts += "ü";
  CHECK(through(overlap_filter{sixteen_umlauts}, sixteen_umlauts + "y", 2) == "y");
  auto fifteen_umlauts = sixteen_umlauts.substr(2);
  CHECK(through(overlap_filter{fifteen_umlauts}, fifteen_umlauts + "y", 2) == fifteen_umlauts + "y");
  CHECK(through(overlap_filter{}, "anything", 3) == "anything");
}
