#include "actors/agents/context.hpp"
#include "apps/weir/logging.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <mutex>

using namespace weir;
using nlohmann::json;

namespace {

/// Keeps each line as the format `json` has it, while the test lasts.
class kept_log {
public:
  kept_log() : before_(spdlog::default_logger()) {
    auto logger = std::make_shared<spdlog::logger>("test", sink_);
    logger->set_level(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
  }
  ~kept_log() { spdlog::set_default_logger(before_); }

  std::vector<json>& lines() { return sink_->lines; }

private:
  struct sink : spdlog::sinks::base_sink<std::mutex> {
    std::vector<json> lines;
    void sink_it_(const spdlog::details::log_msg& msg) override {
      lines.push_back(json::parse(json_log_line(1, "info", {msg.payload.data(), msg.payload.size()})));
    }
    void flush_() override {}
  };

  std::shared_ptr<spdlog::logger> before_;
  std::shared_ptr<sink> sink_ = std::make_shared<sink>();
};

} // namespace

TEST_CASE("an agent's line says who speaks, and the node's says nobody", "[log]") {
  kept_log kept;
  agent_log log{"demo", "mine"};
  log.info("it is {} now");
  log.debug("not at this level");
  spdlog::info("the node");
  REQUIRE(kept.lines().size() == 2);
  CHECK(kept.lines()[0]
        == json{{"ts", 1},
                {"level", "info"},
                {"namespace", "demo"},
                {"agent", "mine"},
                {"message", "it is {} now"}});
  CHECK(kept.lines()[1] == json{{"ts", 1}, {"level", "info"}, {"message", "the node"}});
}

TEST_CASE("an agent's line is one line, and not a long one", "[log]") {
  kept_log kept;
  agent_log log{"demo", "mine"};
  log.warn("one\ntwo\x1b[31m three");
  log.error(std::string(5000, 'x'));
  REQUIRE(kept.lines().size() == 2);
  CHECK(kept.lines()[0]["message"] == "one two [31m three");
  std::string cut(agent_log::max_line_bytes, 'x');
  cut.append(" [cut, 5000 bytes]");
  CHECK(kept.lines()[1]["message"] == cut);
}

TEST_CASE("what others say forges no line of the log and steers no terminal", "[log]") {
  spdlog::details::log_msg msg{"weir", spdlog::level::warn,
                               "refused: \x1b[2J\r\n2026-11-30 info all is well\xC2\x9B"
                               "2J\x07 \xff Grüße"};
  spdlog::memory_buf_t line;
  text_log_formatter()->format(msg, line);
  std::string text{line.data(), line.size()};
  CHECK(text.find(" warning refused:  [2J  2026-11-30 info all is well 2J  \uFFFD Grüße\n")
        != std::string::npos);
  CHECK(text.find('\n') == text.size() - 1);
}
