#pragma once

#include "net/client/ws_client.hpp"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

/// Which node a client command speaks to, and as whom.
struct client_options {
  std::string url = "http://127.0.0.1:8080";
  std::string ns = "demo";
  std::string client_id;                 ///< Empty: a random one, such as `cli-ab12cd`.
  std::int64_t node_timeout_ms = 10'000; ///< A node that says nothing for this long counts as gone.
};

/// `length` random letters and digits, lower case.
std::string random_word(std::size_t length);

/// What DATA and INPUT become in a frame: JSON as it is, anything else as a string.
/// Throws std::invalid_argument when the text is not UTF-8.
nlohmann::json as_data(const std::string& text);

/// A connection that was welcomed. What goes wrong is a `ws_error`; a `hello` that the node refuses prints
/// its error frame.
///
/// While it is told to receive and nothing comes, it pings the node. One that does not answer that either is
/// gone: its machine may have ended without a word, and TCP alone would wait for hours.
class client_session {
public:
  /// How long a command waits for a node that is just being started.
  static constexpr ws_client::milliseconds start_patience{2000};

  using clock = std::chrono::steady_clock;

  /// A node that is not there yet gets `start_patience` to come. @returns whether the node said welcome.
  bool open(const client_options& options);

  void send(const nlohmann::json& frame);

  /// The next frame, or nothing after `timeout`. Throws `ws_error` when the connection is closed, or the
  /// frame is not a JSON object. @param text set to the frame as it came.
  bool receive(nlohmann::json& frame, std::string& text, ws_client::milliseconds timeout);

  /// As `receive`, and waits until there is one. Throws `ws_error` when none has come by the deadline.
  void wait(nlohmann::json& frame, std::string& text, clock::time_point deadline = clock::time_point::max());

  /// By when the node must have answered what is sent now. @param allowed what it may take on top.
  clock::time_point answer_deadline(ws_client::milliseconds allowed = {}) const;

  /// Answers pings while there is nothing to do. What came is dropped: nobody waits for it.
  void idle();

private:
  void check_alive(bool heard);

  ws_client client_;
  ws_client::milliseconds node_timeout_{};
  clock::time_point heard_at_;
  std::optional<clock::time_point> pinged_at_; ///< Since then there has been no answer.
  std::size_t pongs_ = 0;
};

/// Calls `connect` again while nobody listens there, for `client_session::start_patience` at most: the node
/// may have been started in the same moment.
void until_listening(const std::function<void()>& connect);

/// Runs a client command. What it could not do goes to stderr, what it could not write too. @returns the exit
/// status.
int guarded(const std::function<int()>& command);

} // namespace weir
