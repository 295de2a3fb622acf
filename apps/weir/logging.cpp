#include "apps/weir/logging.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/log_context.hpp"
#include "actors/core/one_line.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/formatter.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>

namespace weir {

namespace {

constexpr std::size_t max_line_bytes = 16 * 1024;

class json_formatter : public spdlog::formatter {
public:
  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& dest) override {
    using namespace std::chrono;
    auto ts = duration_cast<milliseconds>(msg.time.time_since_epoch()).count();
    auto level = spdlog::level::to_string_view(msg.level);
    auto line = json_log_line(ts, {level.data(), level.size()}, {msg.payload.data(), msg.payload.size()});
    line += '\n';
    dest.append(line.data(), line.data() + line.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<json_formatter>(); }
};

/// `%*`: which agent of which namespace speaks, and nothing where it is the node.
class speaker_flag : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& dest) override {
    auto* who = current_log_context();
    if (who == nullptr) return;
    auto text = "agent " + who->agent + " of " + who->ns + ": ";
    dest.append(text.data(), text.data() + text.size());
  }

  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<speaker_flag>();
  }
};

/// `%~`: what is said, as one line.
class line_flag : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& msg, const std::tm&, spdlog::memory_buf_t& dest) override {
    auto text = one_line({msg.payload.data(), msg.payload.size()}, max_line_bytes);
    dest.append(text.data(), text.data() + text.size());
  }

  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<line_flag>();
  }
};

} // namespace

std::unique_ptr<spdlog::formatter> text_log_formatter() {
  auto out = std::make_unique<spdlog::pattern_formatter>();
  out->add_flag<speaker_flag>('*').add_flag<line_flag>('~').set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %*%~");
  return out;
}

std::string json_log_line(std::int64_t ts_ms, std::string level, std::string message) {
  nlohmann::ordered_json line = {{"ts", ts_ms}, {"level", std::move(level)}};
  if (auto* who = current_log_context()) {
    line["namespace"] = who->ns;
    line["agent"] = who->agent;
  }
  line["message"] = std::move(message);
  return print_json(line);
}

void set_log_level(const std::string& level) {
  spdlog::default_logger()->set_level(spdlog::level::from_str(level));
}

void set_up_logging(const log_section& cfg) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  if (cfg.format == "json")
    sink->set_formatter(std::make_unique<json_formatter>());
  else
    sink->set_formatter(text_log_formatter());
  auto logger = std::make_shared<spdlog::logger>("weir", std::move(sink));
  logger->set_level(spdlog::level::from_str(cfg.level));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

} // namespace weir
