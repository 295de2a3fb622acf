#include "actors/core/crash_log.hpp"

#include "actors/core/one_line.hpp"

#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>
#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

namespace weir {

namespace {

std::string thrown(const std::exception_ptr& x) {
  try {
    std::rethrow_exception(x);
  } catch (const std::exception& error) {
    return one_line(error.what());
  } catch (...) {
    return "what was thrown is no std::exception";
  }
}

} // namespace

void log_crashes(caf::scheduled_actor& self, std::string who) {
  self.set_exception_handler(
      [who = std::move(who)](caf::scheduled_actor*, std::exception_ptr& x) -> caf::error {
        auto text = thrown(x);
        spdlog::error("{} crashed: {}", who, text);
        return caf::make_error(caf::sec::runtime_error, text);
      });
}

} // namespace weir
