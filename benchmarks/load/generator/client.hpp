#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace weir::bench {

/// One client of the pool: some 200 bytes, and what its strings hold.
struct client {
  enum class phase : std::uint8_t {
    idle,       ///< Not asked to connect yet, or done.
    waiting,    ///< Will connect when its turn or its time comes.
    connecting, ///< TCP.
    upgrading,  ///< HTTP.
    greeting,   ///< The dialect's own beginning.
    ready
  };

  int fd = -1;
  int old_fd = -1; ///< The socket that a drain asked to leave: open, not read, until the next one is ready.
  phase at = phase::idle;
  bool subscribes = false;
  bool publishes = false;
  bool was_ready = false; ///< Ever; its session can bring back what it missed.
  bool recovered = false; ///< By the last welcome.
  bool stopped_reading = false;
  bool wants_write = false; ///< `out` waits for room in the socket.
  std::uint8_t cohort = 0;  ///< Whose figures its deliveries are added to.
  std::uint8_t phase = 0;   ///< Of the newest event that it has.
  std::uint16_t ns = 0;
  std::uint16_t target = 0; ///< Where it connects next, by index.
  std::uint32_t number = 0; ///< Its place in the pool.
  std::uint32_t group = 0;
  std::uint32_t check_at = 0; ///< Its place in the order check.
  std::uint32_t used_by = 0;  ///< Publisher: its place among the publishers.
  std::uint64_t last_seq = 0;
  std::int64_t first_try_ns = 0; ///< Of this connect, whatever became of earlier attempts.
  std::int64_t try_ns = 0;
  std::int64_t heard_ns = 0;              ///< Last delivery.
  std::int64_t silence_ns = 0;            ///< The longest time between two deliveries.
  std::string carry;                      ///< The beginning of a frame.
  std::string pending;                    ///< The dialect's.
  std::unique_ptr<std::string> fragments; ///< The first frames of a message of several.
  std::string out;                        ///< What the socket had no room for.
  std::string session;
};

} // namespace weir::bench
