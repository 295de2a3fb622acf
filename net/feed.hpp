#pragma once

#include "actors/messages/namespace.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Where a feed sends what it reads from the log.
class feed_sink {
public:
  virtual ~feed_sink() = default;

  /// Takes an event, or gives false: no room now.
  virtual bool take_event(const delivery& what) = 0;

  virtual void take_gap(std::uint64_t from, std::uint64_t to, std::string_view reason) = 0;
  virtual void take_caught_up(std::uint64_t seq) = 0;
};

/// Decides for one connection whether an event comes as a push or is read from the log, so that it comes once
/// and in order whichever way. Plain.
///
/// live: pushes are sent on. When one does not fit: lagging. Pushes are ignored from then on. When there is
/// room again: reading, until the log has been read up to its head; what comes after that is pushed again.
class feed {
public:
  enum class state { live, lagging, reading };

  /// How many events are read at a time.
  static constexpr std::uint32_t batch = 64;

  /// The namespace is reached, at `seq`. What was not got of another epoch is told to `sink`; what was missed
  /// of the same one will be read.
  /// @returns whether it is of the same one.
  bool on_attached(const std::string& epoch, std::uint64_t seq, feed_sink& sink);

  /// A session goes on: all that matches up to `cursor` has been sent before, and pushes are at `now`.
  void resume(std::uint64_t cursor, std::uint64_t now);

  /// Events after `since` that match are wanted. Those up to `now`, which is where the pushes are, are read
  /// from the log, and what was sent for another pattern is not sent again.
  /// @returns whether a read that is under way must not be given to `on_slice` any more.
  bool add(std::string pattern, std::uint64_t since, std::uint64_t now);

  /// Takes one such pattern back.
  void remove(const std::string& pattern);

  /// Sends a push on, or leaves it to the log.
  /// @returns the seq up to which all has been sent, when the connection has just begun to lag.
  std::optional<std::uint64_t> on_push(const delivery& what, feed_sink& sink);

  /// Pushes up to `what.seq` were left out: they are read. What is being read now is not affected, its answer
  /// was given after that.
  void on_left_out(const link_resumed& what);

  /// There is room again. Gives what to read now, if anything; `client_id` is left to the caller.
  std::optional<log_request> on_room(feed_sink& sink);

  /// What was read, or that it could not be: `on_room` then asks again.
  void on_slice(const log_slice& slice, feed_sink& sink);
  void on_read_failed();

  state current() const noexcept { return state_; }
  std::uint64_t cursor() const noexcept { return cursor_; }
  std::uint64_t ephemeral_dropped() const noexcept { return dropped_; }

private:
  struct wanted {
    std::string pattern;
    std::uint64_t since;
    std::uint64_t sent_to = 0; // what matches up to here has been sent
  };

  bool wants(const event& x) const;
  void become_live(feed_sink& sink);
  void tell_dropped(feed_sink& sink);

  state state_ = state::live;
  std::string epoch_;
  std::vector<wanted> wanted_;  // bounded by the connection's subscriptions
  std::uint64_t max_since_ = 0; // of any of them
  std::uint64_t cursor_ = 0;    // all that matches up to here has been sent
  std::uint64_t dropped_ = 0;   // ephemeral events since they were last told of
  std::uint64_t dropped_from_ = 0;
  bool told_lagging_ = false; // so `caught_up` is owed
};

} // namespace weir
