#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::bench {

/// One WebSocket to a node for load generators: frames are made beforehand, and what is read is looked at in
/// place, so that the generator takes as little as can be of the cores that the node needs. Everything throws
/// std::runtime_error when the connection is gone.
class raw_ws {
public:
  /// Connects and upgrades. @param port on loopback.
  explicit raw_ws(std::uint16_t port);
  raw_ws(raw_ws&& other) noexcept;
  raw_ws& operator=(raw_ws&&) = delete;
  ~raw_ws();

  int fd() const noexcept { return fd_; }

  /// Writes frames that `make_frame` made; blocks until the kernel has them.
  void send(std::string_view frames);

  /// Takes what has arrived. Gives false when there was nothing.
  bool fill();

  /// The text of the next frame that has arrived in full, good until `fill`. Pings are answered on the way.
  std::optional<std::string_view> next();

  /// Waits for a frame that contains `part`; others are passed over.
  std::string await(std::string_view part, int timeout_ms = 20'000);

  /// Says hello as `client_id` in the namespace `demo`, and gives the welcome.
  std::string hello(std::string_view client_id, std::string_view more_fields = {});

private:
  int fd_;
  std::string buffer_;
  std::size_t at_ = 0, end_ = 0; // what has arrived and was not taken
};

/// A client's text frame. Its masking key is zero, which leaves the text as it is: it can be changed in place
/// and costs the server the same.
std::string make_frame(std::string_view text);

/// Where the text begins in a frame of that many bytes of text.
std::size_t text_offset(std::size_t text_bytes);

} // namespace weir::bench
