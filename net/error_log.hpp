#pragma once

#include "actors/core/refusal.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

/// Writes to the log what a client must not see of an error, under an id that the client is given. What one
/// cause tells to many clients at once is written once a second, and they share its id. One thread's.
class error_log {
public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds repeat_after{1};

  /// @param prefix of the ids: no other thread or life of the node has the same.
  explicit error_log(std::string prefix) : prefix_(std::move(prefix)) {}

  /// @returns the id under which the log has the error's detail; empty when it has none.
  /// @param whom it is told, for the log.
  std::string note(const refusal& error, std::string_view whom, time_point now);

private:
  std::string prefix_;
  std::uint64_t ids_ = 0;
  std::string last_detail_, last_id_;
  time_point last_written_{};
};

/// A prefix of ids: 16 hexadecimal digits at random and a dash.
std::string random_id_prefix();

} // namespace weir
