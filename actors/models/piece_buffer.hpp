#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

/// Joins small pieces of a stream into fewer, larger ones: one that comes after a silence goes at once, those
/// that follow closely wait until there is enough or the oldest has waited long enough. Gives UTF-8 that is
/// never cut inside a code point. Holds less than `enough_bytes` and one piece.
class piece_buffer {
public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::size_t enough_bytes = 64;
  static constexpr std::chrono::milliseconds max_wait{20};

  /// Takes a piece. Gives what is to be sent now; empty: nothing yet, see `due`.
  std::string add(std::string_view text, time_point now);

  /// When what waits is to be sent.
  std::optional<time_point> due() const;

  /// Takes all that waits, but for a code point that is not whole.
  std::string flush(time_point now);

  /// Takes all that waits at the end of a stream. A code point that never became whole is replaced by U+FFFD.
  std::string drain();

private:
  std::string waiting_;
  std::optional<time_point> last_sent_;
};

} // namespace weir
