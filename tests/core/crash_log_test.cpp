#include "actors/core/crash_log.hpp"

#include "actors/core/error_text.hpp"
#include "testing/fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>
#include <stdexcept>

using namespace weir;

TEST_CASE_METHOD(test::fixture, "an actor whose handler throws says who it was and what was thrown") {
  std::ostringstream lines;
  auto before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(lines)));
  auto crash = [](caf::event_based_actor* self) -> caf::behavior {
    log_crashes(*self, "namespace demo");
    return {[](int) { throw std::runtime_error("no\nluck"); }};
  };
  auto victim = sys.spawn(crash);
  std::string reason;
  own(sys.spawn([&reason, victim](caf::event_based_actor* self) -> caf::behavior {
    self->monitor(victim);
    self->set_down_handler([&reason](const caf::down_msg& x) { reason = text_of(x.reason); });
    return {[](int) {}};
  }));
  run();
  send(victim, 1);
  spdlog::set_default_logger(before);
  CHECK(lines.str().find("namespace demo crashed: no luck") != std::string::npos);
  CHECK(reason == "no luck");
}
