// What keeps a node from starting is told by `weir config` as well, in the same words and with the same
// status.
#include "tests/support/shell.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

using namespace weir::test;

namespace {

/// A command that would start a node, were its configuration good: it would end by the time-out, with 124.
outcome start(const std::string& what, const std::string& environment, const std::string& arguments) {
  return shell("env -u WEIR_SESSION_SECRET " + environment + " timeout 20 " + WEIR_BINARY_PATH + ' ' + what
               + ' ' + arguments + " 2>&1 >/dev/null");
}

struct wrong_start {
  std::string environment, arguments, said;
};

} // namespace

TEST_CASE("weir config and weir node refuse the same, with 2 and in the same words", "[cli]") {
  temp_folder folder;
  auto data = " --set node.data_dir=" + folder.file("data");
  auto model = std::string{R"( --set 'models.m={"backend":"openai","url":"https://h/v1","model":"x")"};
  std::ofstream{folder.file("short")} << "letmein\n";
  std::ofstream{folder.file("not-pem")} << "letmein\n";
  std::filesystem::create_directory(folder.file("kept"));
  std::ofstream{folder.file("kept/admin.token")} << "letmein-letmein";
  chmod(folder.file("kept/admin.token").c_str(), 0644);
  const wrong_start rows[] = {
      {"", R"( --set 'models.m={"backend":"openai","url":"http://[::1/v1","model":"x"}')" + data,
       "a [ without a ]"},
      {"WEIR_SESSION_SECRET=short", data, "session: WEIR_SESSION_SECRET: must have at least 16 bytes"},
      {"", " --set session.secret_file=" + folder.file("short") + data, "short: must have at least 16 bytes"},
      {"", " --set session.secret_file=" + folder.file("gone") + data, "gone cannot be read: No such file"},
      {"", R"( --set 'session.secrets=[{"secret_env":"WEIR_NO_SUCH_SECRET"}]')" + data,
       "session.secrets: WEIR_NO_SUCH_SECRET: is not set"},
      {"", model + R"(,"api_key_env":"WEIR_NO_SUCH_KEY"}')" + data,
       "models.m.api_key_env: the variable WEIR_NO_SUCH_KEY is not set"},
      {"KEY='a b'", model + R"(,"api_key_env":"KEY"}')" + data,
       "models.m.api_key_env: the key in KEY has characters"},
      {"", model + R"(,"api_key_file":")" + folder.file("gone") + R"("}')" + data, "models.m.api_key_file: "},
      {"", model + R"(,"ca_file":")" + folder.file("gone") + R"("}')" + data, "models.m.ca_file: "},
      {"", model + R"(,"ca_file":")" + folder.file("not-pem") + R"("}')" + data, "models.m.ca_file: "},
      {"", " --set admin.token_file=" + folder.file("gone") + data, "admin.token_file: "},
      {"",
       " --set store.kind=redis --set store.url=redis://127.0.0.1:1 --set store.password_file="
           + folder.file("gone") + data,
       "store.password_file: "},
      {"", " --set cluster.listen=127.0.0.1:0" + data, "session.secret_env: WEIR_SESSION_SECRET is not set"},
      {"WEIR_SESSION_SECRET=0123456789abcdef",
       R"( --set cluster.listen=127.0.0.1:0 --set 'cluster.tls={"cert":"/gone","key":"/gone","ca":"/gone"}')"
           + data,
       "cluster.tls."},
      {"", " --set node.data_dir=/dev/null/x", "node.data_dir: "},
      {"", " --set node.data_dir=" + folder.file("short"), "is not a folder"},
      {"", " --set node.data_dir=" + folder.file("kept"), "admin.token: others than its owner have access"},
  };
  for (auto& row : rows) {
    INFO(row.environment << row.arguments);
    auto config = start("config", row.environment, row.arguments);
    auto node = start("node", row.environment, row.arguments + " --set listen.port=0 --set admin.port=0");
    CHECK(config.status == 2);
    CHECK(node.status == 2);
    CHECK(config.out == node.out);
    CHECK(config.out.find(row.said) != std::string::npos);
    CHECK(config.out.find("letmein") == std::string::npos);
  }
}

TEST_CASE("what is checked before a start makes nothing", "[cli]") {
  temp_folder folder;
  CHECK(run("config --set node.data_dir=" + folder.file("a/b/data")).status == 0);
  CHECK_FALSE(std::filesystem::exists(folder.file("a")));
}

TEST_CASE("keys, tokens and passwords that files hold are not printed", "[cli]") {
  temp_folder folder;
  std::ofstream{folder.file("secret")} << "hunter2-hunter2-hunter2";
  auto arguments =
      "config --set node.data_dir=" + folder.file("data") + " --set session.secret_file="
      + folder.file("secret") + " --set admin.token_file=" + folder.file("secret")
      + R"( --set 'models.m={"backend":"openai","url":"http://h/v1","model":"x","api_key_file":")"
      + folder.file("secret") + R"("}' 2>&1)";
  auto got = run(arguments);
  CHECK(got.status == 0);
  CHECK(got.out.find("hunter2") == std::string::npos);
  auto printed = nlohmann::json::parse(got.out);
  CHECK(printed["session"]["secret_file"] == folder.file("secret"));
  CHECK(printed["models"]["m"]["api_key_file"] == folder.file("secret"));
}

TEST_CASE("a configuration that is nested too deep is refused, however it comes", "[cli]") {
  temp_folder folder;
  std::string deep(200'000, '[');
  auto file = folder.file("weir.json");
  std::ofstream{file} << R"({"agents":{"a":{"kind":"x","settings":)" << deep;
  auto got = run("config --config " + file + " 2>&1");
  CHECK(got.status == 2);
  CHECK(got.out == "the configuration: is nested deeper than 64\n");
  std::ofstream{file} << R"({"agents":{"a":{"kind":"x","settings":{"x":)" << deep << std::string(200'000, ']')
                      << "}}}}";
  CHECK(run("config --config " + file + " 2>&1").out == got.out);
  auto half = std::string(40'000, '[') + std::string(40'000, ']');
  CHECK(run("config --set agents.a.settings.x=" + half + " 2>&1").status == 2);
  std::string path = "agents.a.settings";
  for (int i = 0; i < 40'000; ++i) path += ".a";
  CHECK(run("config --set " + path + "=1 2>&1").status == 2);
  CHECK(run("config --set node.name=$(printf '\\377') 2>&1").status == 2);
}
