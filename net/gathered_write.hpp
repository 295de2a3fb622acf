#pragma once

// Includes Asio: only for the .cpp files of this folder.

#include "actors/event/event.hpp"
#include "net/client_socket.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <array>
#include <cstring>
#include <span>

namespace weir {

/// Frames side by side, so that one system call takes many: small ones are copied together, as the kernel has
/// more work with each piece of a write than copying that piece is; large ones stay where they are.
class gathered_frames {
public:
  static constexpr std::size_t max_copied_bytes = 4096; ///< A larger frame is not copied.
  static constexpr std::size_t max_pieces = 64;         ///< What Asio gives to one system call.

  /// Takes as many of `frames` as fit, from `offset` in the first one on. Good until the next one is made on
  /// this thread.
  /// @param frames not empty; has `size` and `operator[]`.
  template <class Frames>
  gathered_frames(const Frames& frames, std::size_t offset) {
    auto& copies = scratch();
    std::size_t copied = 0;
    for (std::size_t i = 0; i < frames.size() && pieces_ < max_pieces; ++i, offset = 0) {
      const char* from = frames[i]->data() + offset;
      auto size = frames[i]->size() - offset;
      if (size > max_copied_bytes) {
        add(from, size);
        continue;
      }
      if (copied + size > copies.size()) break;
      std::memcpy(copies.data() + copied, from, size);
      add(copies.data() + copied, size);
      copied += size;
    }
  }

  /// As many as there are: the kernel would look at empty ones too.
  std::span<const boost::asio::const_buffer> buffers() const noexcept { return {buffers_.data(), pieces_}; }

private:
  static constexpr std::size_t scratch_bytes = 68 * 1024; // a write of 64 KiB and its last frame

  static std::array<char, scratch_bytes>& scratch() {
    static thread_local std::array<char, scratch_bytes> bytes;
    return bytes;
  }

  void add(const char* from, std::size_t size) {
    if (pieces_ > 0) {
      auto& last = buffers_[pieces_ - 1];
      auto* begin = static_cast<const char*>(last.data());
      if (begin + last.size() == from) {
        last = {begin, last.size() + size};
        return;
      }
    }
    buffers_[pieces_++] = {from, size};
  }

  std::array<boost::asio::const_buffer, max_pieces> buffers_;
  std::size_t pieces_ = 0;
};

/// Gives the kernel what it takes of `frames` without waiting.
/// @param offset how much of the first frame has been written.
/// @param error set when the socket failed; not when it is only full.
/// @returns the bytes that were written.
template <class Frames>
std::size_t write_gathered(client_socket& socket, const Frames& frames, std::size_t offset,
                           boost::system::error_code& error) {
  if (frames.size() == 0) return 0;
  std::size_t written = 0;
  if (frames.size() == 1) { // as an event to many is: a shorter way in Asio and in the kernel
    written = socket.write_some(boost::asio::buffer(*frames[0]) + offset, error);
  } else {
    gathered_frames gathered{frames, offset};
    written = socket.write_some(gathered.buffers(), error);
  }
  if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) error = {};
  return written;
}

} // namespace weir
