#include "actors/store/witness.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace weir;
using namespace weir::test;

namespace {

std::string read_file(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream{path}.rdbuf();
  return out.str();
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream{path, std::ios::trunc} << text;
}

/// What is there when a process is killed: nothing is ended in order.
std::string as_killed(const std::string& path) {
  auto copy = path + ".killed";
  std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
  return copy;
}

} // namespace

TEST_CASE("a witness knows the newest position of each log, also after its process was killed", "[witness]") {
  temp_folder folder;
  auto path = folder.file("w");
  witness x{path};
  CHECK(x.find("demo") == nullptr);
  for (std::uint64_t i = 1; i <= 100; ++i) x.note("demo", "e1", i, false);
  x.note("other", "e2", 7, true);
  x.note("demo", "e3", 2, false); // a new history
  x.note("gone", "e4", 9, false);
  x.forget("gone");
  x.flush();
  witness again{as_killed(path)};
  REQUIRE(again.find("demo") != nullptr);
  CHECK(again.find("demo")->epoch == "e3");
  CHECK(again.find("demo")->head == 2);
  CHECK_FALSE(again.find("demo")->suspect);
  CHECK(again.find("other")->head == 7);
  CHECK(again.find("gone") == nullptr);
  CHECK(again.size() == 2);
}

TEST_CASE("a witness is its owner's alone", "[witness]") {
  temp_folder folder;
  auto path = folder.file("w");
  write_file(path, "");
  std::filesystem::permissions(path, std::filesystem::perms{0644});
  witness x{path};
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
}

TEST_CASE("a witness that is damaged says less, and nothing wrong", "[witness]") {
  temp_folder folder;
  auto path = folder.file("w");
  {
    witness x{path};
    x.note("demo", "e1", 5, false);
    x.flush();
    x.note("demo", "e1", 6, false);
  }
  auto text = read_file(path);
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    write_file(path, text.substr(0, cut));
    witness x{path};
    if (auto* found = x.find("demo")) CHECK((found->head == 6 || found->head == 5 || found->head == 0));
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto flipped = text;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    write_file(path, flipped);
    witness x{path};
    if (auto* found = x.find("demo")) CHECK((found->head == 6 || found->head == 5 || found->head == 0));
  }
}

TEST_CASE(
    "what was not synchronised is suspect when the machine has stopped since, unless the node had ended",
    "[witness]") {
  temp_folder folder;
  auto path = folder.file("w");
  {
    witness x{path, "first"};
    x.note("process", "e1", 1, false);
    x.note("power", "e1", 1, true);
    x.flush();
    auto killed = as_killed(path);
    CHECK_FALSE(witness(killed, "first").find("process")->suspect);
    killed = as_killed(path);
    {
      witness after{killed, "second"};
      CHECK(after.find("process")->suspect);
      CHECK_FALSE(after.find("power")->suspect);
    }
    {
      witness still{killed, "second"}; // until it has been written to
      CHECK(still.find("process")->suspect);
      still.note("process", "e2", 1, false);
      CHECK_FALSE(still.find("process")->suspect);
    }
  }
  CHECK_FALSE(witness(path, "second").find("process")->suspect);
}

TEST_CASE("a witness' file does not grow with the number of writes", "[witness]") {
  temp_folder folder;
  auto path = folder.file("w");
  witness x{path};
  std::uint64_t head = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 20'000; ++i) x.note("demo", "e1", ++head, false);
    x.flush();
    x.sync();
  }
  CHECK(std::filesystem::file_size(path) < 2 * witness::min_rewrite_bytes);
  CHECK(witness(as_killed(path)).find("demo")->head == head);
}

TEST_CASE("logs over a witness' bound are counted, and the others go on", "[witness]") {
  witness x;
  for (std::size_t i = 0; i < witness::max_logs + 3; ++i) x.note("ns" + std::to_string(i), "e", 1, false);
  CHECK(x.size() == witness::max_logs);
  CHECK(x.not_witnessed() == 3);
  x.note("ns0", "e", 2, false);
  CHECK(x.find("ns0")->head == 2);
  CHECK(x.find("ns" + std::to_string(witness::max_logs)) == nullptr);
}
