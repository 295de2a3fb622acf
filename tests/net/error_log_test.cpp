#include "net/error_log.hpp"

#include "actors/core/errors.hpp"
#include "net/wire/encode.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace weir;
using namespace std::chrono_literals;

namespace {

refusal full_disk(const char* detail = "/var/lib/weir/weir.db: disk full") {
  return errors::unavailable("the store refuses", 1000).with_detail(detail);
}

} // namespace

TEST_CASE("what one cause tells to many has one id, for a second", "[errors]") {
  error_log log{"p-"};
  error_log::time_point now{};
  CHECK(
      log.note(errors::unavailable("moving", 100), "demo/a", now).empty()); // nothing is kept from the client
  CHECK(log.note(full_disk(), "demo/a", now) == "p-1");
  CHECK(log.note(full_disk(), "demo/b", now + 999ms) == "p-1");
  CHECK(log.note(full_disk("another"), "demo/b", now + 999ms) == "p-2");
  CHECK(log.note(full_disk("another"), "demo/b", now + 1999ms) == "p-3");
}

TEST_CASE("an error frame has the id, and nothing of what only the log may have", "[errors]") {
  auto text = wire::encode(full_disk(), {"m1", {}, {}}, "p-1");
  CHECK(text.find("weir.db") == std::string::npos);
  CHECK(nlohmann::json::parse(text)["request_id"] == "p-1");
  run_result failed;
  failed.output = "null";
  failed.error = full_disk();
  text = wire::encode(failed, "p-2");
  CHECK(text.find("weir.db") == std::string::npos);
  CHECK(nlohmann::json::parse(text)["error"]["request_id"] == "p-2");
  CHECK_FALSE(nlohmann::json::parse(wire::encode(errors::unavailable("moving", 100))).contains("request_id"));
}
