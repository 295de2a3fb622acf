#pragma once

#include "actors/core/core_type_ids.hpp"
#include "actors/core/drain_rate.hpp"
#include "actors/core/refusal.hpp"

#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/fwd.hpp>
#include <caf/send.hpp>
#include <caf/telemetry/gauge.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace weir {

class inbox;
using inbox_ptr = std::shared_ptr<inbox>;

/// One place in an inbox. It travels in the message, in front of its content, and gives the place back when
/// its last copy is gone: when the handler is done, when a handler that kept it lets go of it, or when the
/// actor dies with the message unread. One that is kept in an actor's members goes back with these: at the
/// latest when the actor is gone and nobody holds a handle of it (a supervised child's callers hold its
/// door).
class permit {
public:
  permit() = default;
  explicit permit(inbox_ptr owner);

  bool held() const noexcept { return place_ != nullptr; }
  void release() noexcept { place_.reset(); }

private:
  std::shared_ptr<void> place_;
};

/// A permit stays on its node: what arrives elsewhere is an empty one. Between nodes, credit bounds instead.
template <class Inspector>
bool inspect(Inspector& f, permit& x) {
  return f.object(x).fields();
}

/// The bound on what an actor has been given and has not done yet. It belongs to the actor's role and not to
/// one incarnation, so it outlives restarts. Overflow policy: the offer is refused with `too_many`.
/// Any thread may call any member.
class inbox : public std::enable_shared_from_this<inbox> {
public:
  struct config {
    std::string name; ///< `layer.role`, the label of the metrics `weir_inbox_depth` and `weir_inbox_limit`.
    std::uint64_t limit;        ///< At least 1.
    std::string reason;         ///< Of the refusal: `namespace_full`, `model_queue_full` …
    std::string scope;          ///< Of the refusal: `namespace`, `model`, `node` …
    inbox_ptr parent = nullptr; ///< See `share_of`.
  };

  /// @param sys gives the clock and the metrics, and must outlive the inbox.
  static inbox_ptr make(caf::actor_system& sys, config cfg);

  /// A part of `parent` for one of those who offer to it: of its places no more than `limit` are taken
  /// through the part, so that one sender cannot fill what others need too. It refuses as its parent does.
  static inbox_ptr share_of(caf::actor_system& sys, inbox_ptr parent, std::uint64_t limit);

  /// Takes a place, or says when to come again. Never blocks.
  std::variant<permit, refusal> try_take();

  /// Sends `xs...` behind a permit to `dst`, whose handler takes `permit` first.
  /// Answers in the caller's stack: a refusal that did not refuse anything means that it was taken.
  /// @param self the sender; the message counts from here until its handler is done.
  template <class Self, class Handle, class... Ts>
  refusal offer(Self* self, const Handle& dst, Ts&&... xs) {
    auto place = try_take();
    if (auto* no = std::get_if<refusal>(&place)) return std::move(*no);
    self->send(dst, std::get<permit>(std::move(place)), std::forward<Ts>(xs)...);
    return {};
  }

  /// As `offer`, for threads that run no actor.
  template <class Handle, class... Ts>
  refusal offer_anonymously(const Handle& dst, Ts&&... xs) {
    auto place = try_take();
    if (auto* no = std::get_if<refusal>(&place)) return std::move(*no);
    caf::anon_send(dst, std::get<permit>(std::move(place)), std::forward<Ts>(xs)...);
    return {};
  }

  std::uint64_t depth() const noexcept { return depth_.load(std::memory_order_relaxed); }
  std::uint64_t limit() const noexcept { return cfg_.limit; }
  const std::string& name() const noexcept { return cfg_.name; }

private:
  friend class permit;

  inbox(caf::actor_system& sys, config cfg);
  std::optional<refusal> take();
  void give_back() noexcept;

  config cfg_;
  caf::actor_clock& clock_;
  caf::telemetry::int_gauge* depth_gauge_ = nullptr; // a part is counted in its parent
  caf::telemetry::int_counter* refusals_;
  std::atomic<std::uint64_t> depth_{0};
  drain_rate rate_;
};

} // namespace weir
