#include "actors/core/full_text.hpp"
#include "tests/support/model_behaviours.hpp"
#include "tests/support/openai_fixture.hpp"
#include "tests/support/temp_folder.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace weir;
using namespace weir::test;

namespace {

constexpr std::int64_t deadline_ms = 500;
const std::string key = "sk-never-to-be-seen-0123456789";

/// Takes down all that is logged, from trace on.
class log_capture {
public:
  log_capture() : before_(spdlog::default_logger()) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_, true);
    auto logger = std::make_shared<spdlog::logger>("capture", std::move(sink));
    logger->set_level(spdlog::level::trace);
    spdlog::set_default_logger(logger);
    spdlog::trace("the capture works");
  }
  ~log_capture() { spdlog::set_default_logger(before_); }

  std::string text() const { return text_.str(); }

private:
  std::shared_ptr<spdlog::logger> before_;
  std::ostringstream text_;
};

std::string tools_of(const finished_call& x) {
  std::string out;
  for (auto& call : x.tool_calls) out += (out.empty() ? "" : ", ") + call.name + ' ' + call.arguments;
  return out;
}

/// The table of docs/model-failures.md: each row a real call.
class table : public openai_fixture {
public:
  table() {
    ::setenv("WEIR_TEST_TABLE_KEY", key.c_str(), 1);
    std::printf("| %-58s | %-8s | %-14s | %8s | %11s | %10s |\n", "the server", "status", "finish",
                "attempts", "first piece", "ended (ms)");
    std::printf("| --- | --- | --- | --- | --- | --- |\n");
  }

  model_config config(openai_config where) {
    where.api_key_env = "WEIR_TEST_TABLE_KEY";
    return config_of("m", deadline_ms, std::move(where));
  }

  /// One call, and what is true of every one of them.
  finished_call row(const std::string& what) {
    auto x = call();
    std::printf("| %-58s | %-8s | %-14s | %8u | %11lld | %10lld |\n", what.c_str(),
                to_string(x.outcome.status), to_string(x.outcome.finish), x.outcome.attempts,
                static_cast<long long>(x.outcome.first_piece_ms), static_cast<long long>(x.wall_ms));
    CHECK(x.wall_ms <= deadline_ms + slack_ms);
    CHECK(x.deltas == x.outcome.text);
    CHECK(x.holes == 0);
    CHECK(x.outcome.error.refused() == (x.outcome.status != run_status::complete));
    CHECK(full_text(x.outcome.error).find(key) == std::string::npos);
    return x;
  }

  /// A row in which nothing comes of the call.
  void failing_row(const std::string& what, std::uint32_t attempts, const std::string& error) {
    INFO(what);
    auto x = row(what);
    CHECK(x.outcome.status == run_status::failed);
    CHECK(x.outcome.attempts == attempts);
    INFO(full_text(x.outcome.error));
    CHECK(full_text(x.outcome.error).find(error) != std::string::npos);
  }

  void row(const model_behaviour& x, model_server& server) {
    INFO(x.what);
    add_pool(config({server.url(), "tiny", ""})); // a new one: no row depends on the one before
    server.set(x.replies);
    auto got = row(x.what);
    CHECK(got.outcome.status == x.status);
    CHECK(got.outcome.attempts == x.attempts);
    CHECK((got.outcome.text == x.text)); // may be a long one
    INFO(full_text(got.outcome.error));
    CHECK(full_text(got.outcome.error).find(x.error) != std::string::npos);
    CHECK(tools_of(got) == x.tools);
    auto usual = x.status != run_status::complete ? finish_reason::none
                 : x.tools.empty()                ? finish_reason::stop
                                                  : finish_reason::tool_calls;
    CHECK(got.outcome.finish == (x.finish == finish_reason::none ? usual : x.finish));
  }

  /// Certificates, each kind on a server of its own.
  void tls_rows() {
    test_authority known, unknown{"Somebody else's authority"};
    std::ofstream{folder.file("ca.pem")} << known.certificate();
    auto within = "within " + std::to_string(deadline_ms) + " ms";
    tls_row("https: answers", {known.issue()}, 1, "");
    tls_row("https: certificate for another name", {known.issue({"elsewhere.example"})}, 1,
            "hostname mismatch");
    tls_row("https: certificate that is over", {known.issue({"localhost", "", -7200, -3600})}, 1,
            "has expired");
    tls_row("https: certificate of an unknown authority", {unknown.issue()}, 1, "unable to get local issuer");
    tls_row("https: certificate that it signed itself", {self_signed()}, 1, "self-signed certificate");
    tls_row("https: only TLS 1.1", {known.issue(), true, false}, 1, "TLS with the model server failed");
    tls_row("https: hangs before the handshake", {known.issue(), false, true}, 1, within);
    tls_row("https: speaks HTTP in the clear", {}, 1, "TLS with the model server failed");
  }

  void tls_row(const char* what, model_server::config settings, std::uint32_t attempts,
               const std::string& error) {
    model_server server{settings};
    auto url = server.url("localhost");
    if (!settings.tls) url.insert(4, "s");
    add_pool(config({url, "tiny", "", folder.file("ca.pem")}));
    if (!error.empty()) return failing_row(what, attempts, error);
    INFO(what);
    CHECK(row(what).outcome.status == run_status::complete);
  }

  temp_folder folder;
};

} // namespace

TEST_CASE("whatever the model server does, a call ends as the rules say, in time, and no key is told",
          "[model-failures]") {
  log_capture log;
  {
    table all;
    model_server server;
    for (auto& x : model_behaviours(deadline_ms, key)) all.row(x, server);
    CHECK(server.last_header("Authorization") == "Bearer " + key); // it was there to be told
    all.tls_rows();
    all.add_pool(all.config({server.url(), "tiny", ""}));
    server.stop_listening();
    all.failing_row("refuses connections", 2, "cannot connect: Connection refused");
    model_server deaf{{{}, false, true}};
    all.add_pool(all.config({deaf.url(), "tiny", ""}));
    all.failing_row("accepts connections and reads nothing", 1, "within 500 ms");
    all.add_pool(
        all.config({"http://" + std::string(64, 'x') + "/v1", "tiny", ""})); // longer than a name can be
    all.failing_row("has a name that cannot be found", 2, "cannot find xxx");
  }
  CHECK(log.text().find("the capture works") != std::string::npos);
  CHECK(log.text().find(key) == std::string::npos);
}

TEST_CASE_METHOD(table, "a fallback answers for a server that hangs", "[model-failures]") {
  model_server hung, healthy;
  hung.set({server_reply{}.but([](auto& x) { x.begin = server_reply::start::hang; })});
  healthy.set({server_reply::answer({"From", " the other"})});
  auto cfg = config({hung.url(), "tiny", ""});
  SECTION("another pool, where the first attempt has a limit") {
    cfg.retries = 0;
    cfg.attempt_timeout_ms = 100;
    cfg.fallback = {{false, "other"}};
    add_pool(config_of("other", deadline_ms, healthy));
    add_pool(cfg);
    auto x = row("hangs; another model answers");
    CHECK(x.outcome.status == run_status::degraded);
    CHECK(x.outcome.text == "From the other");
  }
  SECTION("a canned text, at the deadline") {
    cfg.fallback = {{true, "Come again."}};
    add_pool(cfg);
    auto x = row("hangs; there is a canned text");
    CHECK(x.outcome.status == run_status::degraded);
    CHECK(x.outcome.text == "Come again.");
  }
}
