#include "actors/cluster/links/tls_failures.hpp"

#include <catch2/catch_test_macros.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <sstream>

using namespace weir;

namespace {

/// What is logged while this lives.
class kept_log {
public:
  kept_log() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "kept", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_, true)));
  }
  ~kept_log() { spdlog::set_default_logger(before_); }

  std::string text() const { return text_.str(); }
  std::size_t lines() const {
    auto all = text();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n'));
  }

private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

} // namespace

TEST_CASE("why a host was refused is logged once, until something else is wrong or it was accepted") {
  kept_log log;
  caf::telemetry::metric_registry metrics;
  tls_failures x{metrics};
  x.refused("10.0.0.1", "no certificate");
  x.refused("10.0.0.1", "no certificate");
  CHECK(log.lines() == 1);
  CHECK(log.text().find("cluster: refused a connection from 10.0.0.1: no certificate") != std::string::npos);
  x.refused("10.0.0.1", "another one's");
  CHECK(log.lines() == 2);
  x.accepted("10.0.0.1");
  x.refused("10.0.0.1", "another one's");
  CHECK(log.lines() == 3);
}

TEST_CASE("why dialling an address was in vain is told once") {
  caf::telemetry::metric_registry metrics;
  tls_failures x{metrics};
  x.dial_failed("a:1", "it does not speak TLS");
  CHECK(x.take("b:1").empty());
  CHECK(x.take("a:1") == "it does not speak TLS");
  CHECK(x.take("a:1").empty());
}

TEST_CASE("above the bound all hosts are forgotten, and logged again") {
  kept_log log;
  caf::telemetry::metric_registry metrics;
  tls_failures x{metrics};
  for (std::size_t i = 0; i < tls_failures::max_kept; ++i) {
    x.refused("h" + std::to_string(i), "why");
    x.dial_failed("h" + std::to_string(i) + ":1", "why");
  }
  x.refused("h0", "why");
  CHECK(log.lines() == tls_failures::max_kept + 1);
  x.refused("h0", "why");
  CHECK(log.lines() == tls_failures::max_kept + 1);
  x.dial_failed("one:1", "more");
  CHECK(x.take("h1:1").empty());
  CHECK(x.take("one:1") == "more");
}
