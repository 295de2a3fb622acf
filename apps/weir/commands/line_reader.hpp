#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace weir {

/// Reads lines from a file descriptor without waiting longer than it is told, so that whoever reads can look
/// after a socket too. A line that is longer than the limit is `too_long`, once, and thrown away whole.
class line_reader {
public:
  enum class got { line, nothing_yet, too_long, end };

  explicit line_reader(int fd, std::size_t max_line_bytes = 32 * 1024)
    : fd_(fd), max_line_bytes_(max_line_bytes) {}

  /// The next line, without its newline. The last one needs none.
  got next(std::string& line, std::chrono::milliseconds timeout);

private:
  got take(std::string& line);
  bool fill(std::chrono::milliseconds timeout);

  int fd_;
  std::size_t max_line_bytes_;
  std::string buffer_; ///< Bound: `max_line_bytes_` and what one read brings.
  bool skipping_ = false;
  bool ended_ = false;
};

} // namespace weir
