#pragma once

#include "actors/core/refusal.hpp"
#include "actors/event/event.hpp"
#include "net/auth/authenticator.hpp"
#include "net/wire/frames.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

/// What one client may do, and until when. Decides from the client's identity; plain.
class client_access {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A client is told that its token ends so long before, or a fifth of the token's life if that is less.
  static constexpr std::chrono::milliseconds longest_warning{60'000};

  /// @param client_id whose runs are its own.
  /// @param now_ms the wall clock when the token was accepted, in milliseconds since the Unix epoch. Its life
  /// is measured from `now` by the monotonic clock.
  client_access(identity_ptr who, std::string client_id, time_point now, std::int64_t now_ms);

  const client_identity& who() const noexcept { return *who_; }
  const auth::rights& may() const noexcept { return who_->may; }

  /// What the frame needs and the client may not do, as `403 forbidden`; nothing refused: it may.
  refusal check(const wire::client_frame& frame) const;

  /// As `check`, for a subscription that a session has.
  refusal check_subscription(std::string_view pattern, std::string_view queue) const;

  /// Whether an event that one of its subscriptions matches may be shown to it: what tells of a run is for
  /// who may watch that run, what tells of presence for who may see presence.
  bool may_see(const event& shown) const;

  bool expires() const noexcept { return expires_at_ != time_point::max(); }
  bool has_expired(time_point now) const noexcept { return now >= expires_at_; }

  /// Milliseconds until the token ends, from 0.
  std::int64_t expires_in_ms(time_point now) const noexcept;

  /// Whether it is time to warn the client. True once.
  bool take_warning(time_point now) noexcept;

  /// When to look again; `time_point::max()`: never.
  time_point next_look() const noexcept { return warned_ ? expires_at_ : warn_at_; }

private:
  bool is_own_run(std::string_view run_id) const noexcept;

  identity_ptr who_;
  std::string client_id_;
  time_point expires_at_ = time_point::max();
  time_point warn_at_ = time_point::max();
  bool warned_ = false;
};

} // namespace weir
