#include "net/error_log.hpp"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <random>

namespace weir {

std::string error_log::note(const refusal& error, std::string_view whom, time_point now) {
  if (error.detail.empty()) return {};
  if (error.detail == last_detail_ && now - last_written_ < repeat_after) return last_id_;
  last_detail_ = error.detail;
  last_written_ = now;
  last_id_ = prefix_ + std::to_string(++ids_);
  spdlog::warn("client.error: request {} of {}: {}: {}: {}", last_id_, whom, error.reason, error.message,
               error.detail);
  return last_id_;
}

std::string random_id_prefix() {
  std::random_device source;
  char out[32];
  std::snprintf(out, sizeof out, "%08x%08x-", static_cast<unsigned>(source()),
                static_cast<unsigned>(source()));
  return out;
}

} // namespace weir
