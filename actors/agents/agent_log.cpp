#include "actors/agents/context.hpp"
#include "actors/core/log_context.hpp"

#include <spdlog/spdlog.h>

namespace weir {

namespace {

/// One line, not too long: what comes after its end would look like the node's own words.
std::string line_of(std::string_view text) {
  auto cut = text.size() > agent_log::max_line_bytes;
  std::string out{text.substr(0, agent_log::max_line_bytes)};
  for (auto& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  if (cut) out += " [cut, " + std::to_string(text.size()) + " bytes]";
  return out;
}

void write(spdlog::level::level_enum level, const log_context& who, std::string_view text) {
  auto* logger = spdlog::default_logger_raw();
  if (logger == nullptr || !logger->should_log(level)) return;
  log_scope speaking{who};
  logger->log(level, line_of(text));
}

} // namespace

void agent_log::debug(std::string_view text) const { write(spdlog::level::debug, {ns_, agent_}, text); }
void agent_log::info(std::string_view text) const { write(spdlog::level::info, {ns_, agent_}, text); }
void agent_log::warn(std::string_view text) const { write(spdlog::level::warn, {ns_, agent_}, text); }
void agent_log::error(std::string_view text) const { write(spdlog::level::err, {ns_, agent_}, text); }

} // namespace weir
