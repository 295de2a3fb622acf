#include "apps/weir/commands/line_reader.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace weir {

line_reader::got line_reader::next(std::string& line, std::chrono::milliseconds timeout) {
  if (auto out = take(line); out != got::nothing_yet) return out;
  if (!fill(timeout)) return got::nothing_yet;
  return take(line);
}

line_reader::got line_reader::take(std::string& line) {
  auto end = buffer_.find('\n');
  bool whole = end != std::string::npos;
  if (!whole && !ended_ && buffer_.size() <= max_line_bytes_) return got::nothing_yet;
  if (!whole && ended_ && buffer_.empty()) return got::end;
  auto length = whole ? end : buffer_.size();
  line = buffer_.substr(0, length);
  buffer_.erase(0, whole ? length + 1 : length);
  bool rest_follows = !whole && !ended_;
  if (std::exchange(skipping_, rest_follows)) return take(line); // the tail of what was too long
  return rest_follows || line.size() > max_line_bytes_ ? got::too_long : got::line;
}

bool line_reader::fill(std::chrono::milliseconds timeout) {
  pollfd waits{fd_, POLLIN, 0};
  if (poll(&waits, 1, static_cast<int>(timeout.count())) <= 0) return false;
  char chunk[4096];
  auto count = read(fd_, chunk, sizeof chunk);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return false;
  if (count <= 0)
    ended_ = true;
  else
    buffer_.append(chunk, static_cast<std::size_t>(count));
  return true;
}

} // namespace weir
