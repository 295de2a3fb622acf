#include "net/session_secret.hpp"

#include "tests/support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace weir;
using namespace weir::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

constexpr const char* variable = "WEIR_TEST_SESSION_SECRET";

struct environment {
  explicit environment(const char* value) { setenv(variable, value, 1); }
  ~environment() { unsetenv(variable); }
};

mode_t mode_of(const std::string& path) {
  struct stat about {};
  REQUIRE(stat(path.c_str(), &about) == 0);
  return about.st_mode & 0777;
}

void write(const std::string& path, const std::string& text, mode_t mode = 0600) {
  std::ofstream{path} << text;
  REQUIRE(chmod(path.c_str(), mode) == 0);
}

std::size_t count_files(const std::string& folder) {
  std::size_t n = 0;
  for ([[maybe_unused]] auto& x : std::filesystem::directory_iterator{folder}) ++n;
  return n;
}

/// The only one that there is, of this variable or of this folder.
std::string load(const std::string& env, const std::string& data_dir) {
  session_secret_sources from{{}, {env, {}}, data_dir};
  auto out = load_session_secrets(from);
  CHECK(out.size() == 1);
  CHECK(check_session_secrets(from).empty());
  return out.front();
}

} // namespace

TEST_CASE("a session secret in the environment is taken, and no file is made") {
  temp_folder folder;
  environment set{"a secret of the deployment"};
  CHECK(load(variable, folder.file("data")) == "a secret of the deployment");
  CHECK_FALSE(std::filesystem::exists(folder.file("data")));
}

TEST_CASE("a session secret in the environment that is too short is refused and not told") {
  temp_folder folder;
  for (auto* value : {"", "hunter2", "fifteen bytes.."}) {
    environment set{value};
    try {
      load(variable, folder.file("data"));
      FAIL("was taken");
    } catch (const std::runtime_error& error) {
      CHECK_THAT(error.what(), ContainsSubstring(variable));
      if (*value != '\0') CHECK_THAT(error.what(), !ContainsSubstring(value));
    }
  }
}

TEST_CASE("a session secret is made once, for its owner only") {
  temp_folder folder;
  auto data = folder.file("a/b/data");
  auto made = load(variable, data);
  CHECK(made.size() == 64);
  CHECK(made.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(mode_of(data) == 0700);
  CHECK(mode_of(data + "/session.secret") == 0600);
  CHECK(count_files(data) == 1);
  CHECK(load(variable, data) == made);
  CHECK(load("", data) == made);
  CHECK(load(variable, folder.file("other/")) != made);
  CHECK(mode_of(folder.file("other")) == 0700);
}

TEST_CASE("a session secret is the same for all who make it at once") {
  temp_folder folder;
  std::vector<std::string> got(8);
  std::vector<std::thread> threads;
  for (auto& x : got) threads.emplace_back([&x, &folder] { x = load(variable, folder.file("data")); });
  for (auto& x : threads) x.join();
  CHECK(std::set<std::string>(got.begin(), got.end()).size() == 1);
  CHECK(got.front().size() == 64);
  CHECK(count_files(folder.file("data")) == 1);
}

TEST_CASE("a session secret that was written by hand is taken without its line end") {
  temp_folder folder;
  write(folder.file("session.secret"), "sixteen bytes ok\r\n");
  CHECK(load(variable, folder.path().string()) == "sixteen bytes ok");
}

TEST_CASE("a session secret file that is no good is refused, and stays as it is") {
  temp_folder folder;
  auto path = folder.file("session.secret");
  auto check_refused = [&](const std::string& what) {
    CHECK_THROWS_MATCHES(
        load(variable, folder.path().string()), std::runtime_error,
        MessageMatches(ContainsSubstring(path) && ContainsSubstring(what) && !ContainsSubstring("letmein")));
  };
  for (mode_t mode : {0640, 0604, 0660, 0601, 0620}) {
    write(path, "letmein-letmein-letmein", mode);
    check_refused("chmod 600");
    CHECK(mode_of(path) == mode);
  }
  write(path, "letmein");
  check_refused("at least 16 bytes");
  write(path, "");
  check_refused("at least 16 bytes");
  write(path, std::string(5000, 'x'));
  check_refused("too long");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  check_refused("is not a file");
}

TEST_CASE("a session secret needs a folder that can be made") {
  temp_folder folder;
  write(folder.file("file"), "x");
  CHECK_THROWS_AS(load(variable, folder.file("file")), std::runtime_error);
  CHECK_THROWS_AS(load(variable, folder.file("file/below")), std::runtime_error);
}

TEST_CASE("a session secret comes from the file that is named, as a container mounts it") {
  temp_folder folder;
  environment set{"a secret of the deployment"};
  write(folder.file("mounted"), "a secret in a file\n", 0444);
  session_secret_sources from{{}, {variable, folder.file("mounted")}, folder.file("data")};
  CHECK(load_session_secrets(from) == std::vector<std::string>{"a secret in a file"});
  from.usual.file = folder.file("gone");
  CHECK_THAT(check_session_secrets(from), ContainsSubstring("gone cannot be read: No such file"));
  CHECK_THROWS_AS(load_session_secrets(from), std::runtime_error);
  CHECK_FALSE(std::filesystem::exists(folder.file("data")));
}

TEST_CASE("of several session secrets the first is the newest, and all have to be there") {
  temp_folder folder;
  environment set{"the older secret, of a variable"};
  write(folder.file("new"), "the newer secret, of a file");
  session_secret_sources from{
      {{{}, folder.file("new")}, {variable, {}}}, {"WEIR_UNUSED", {}}, folder.file("data")};
  CHECK(load_session_secrets(from)
        == std::vector<std::string>{"the newer secret, of a file", "the older secret, of a variable"});
  from.all.push_back({"WEIR_NO_SUCH_SECRET", {}});
  CHECK_THAT(check_session_secrets(from), ContainsSubstring("WEIR_NO_SUCH_SECRET: is not set"));
  from.all.back() = {{}, folder.file("short")};
  write(folder.file("short"), "letmein");
  CHECK_THAT(check_session_secrets(from),
             ContainsSubstring("short: must have at least 16 bytes") && !ContainsSubstring("letmein"));
}

TEST_CASE("to check the session secrets makes nothing") {
  temp_folder folder;
  CHECK(check_session_secrets({{}, {"WEIR_NO_SUCH_SECRET", {}}, folder.file("data")}).empty());
  CHECK_FALSE(std::filesystem::exists(folder.file("data")));
}
