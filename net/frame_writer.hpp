#pragma once

// Includes Asio: only for the .cpp files of this folder.

#include "net/client_socket.hpp"
#include "net/frame_queue.hpp"
#include "net/gathered_write.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace weir {

/// Writes ready-made WebSocket frames to a socket that does not block. What the kernel takes at once is never
/// queued; the rest waits until its user has found the socket writable and calls `write_waiting`. Frames are
/// copied at most once, into the system call. The queue is bounded by its user, who does not send while
/// something waits, but for a few control frames.
class frame_writer {
public:
  /// @param socket non-blocking; must outlive this.
  explicit frame_writer(client_socket& socket) : socket_(socket) {}

  /// @param frames left empty.
  /// @returns whether the kernel has them all.
  bool send(std::vector<frame_ptr>& frames) {
    auto first = queue_.empty() ? send_now(frames) : 0;
    for (; first < frames.size(); ++first) queue_.push(std::move(frames[first]));
    frames.clear();
    return queue_.empty() && !error_;
  }

  bool send(frame_ptr frame) {
    auto alone = queue_.empty();
    queue_.push(std::move(frame));
    return alone && write_waiting();
  }

  /// The socket is writable, or has failed.
  /// @returns whether the kernel has all that waited.
  bool write_waiting() {
    if (!error_) written_ += write_gathered(socket_, queue_, written_, error_);
    if (error_) return queue_.clear(), false;
    for (; !queue_.empty() && written_ >= queue_.front()->size(); queue_.drop(1))
      written_ -= queue_.front()->size();
    if (queue_.empty()) written_ = 0;
    return queue_.empty();
  }

  bool idle() const noexcept { return queue_.empty(); }

  /// What a write failed with; nothing is written after that.
  boost::system::error_code error() const noexcept { return error_; }

private:
  /// @returns how many frames are done with. A part of the next may be written: then it is the first to wait.
  std::size_t send_now(const std::vector<frame_ptr>& frames) {
    if (error_) return frames.size();
    auto written = write_gathered(socket_, frames, 0, error_);
    if (error_) return frames.size();
    std::size_t first = 0;
    while (first < frames.size() && written >= frames[first]->size()) written -= frames[first++]->size();
    written_ = written;
    return first;
  }

  client_socket& socket_;
  frame_queue queue_;
  std::size_t written_ = 0; // of the first frame
  boost::system::error_code error_;
};

} // namespace weir
