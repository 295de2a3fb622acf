// What a namespace has of its node's memory and store, and how it gives back: what it does not use, what is
// above its share, and, when nobody would miss it, itself.

#include "actors/core/errors.hpp"
#include "actors/namespace/namespace_actor.hpp"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

// About what one takes of memory, with its texts and its places in the tables.
constexpr std::uint64_t session_bytes = 1000;
constexpr std::uint64_t receipt_bytes = 500;
constexpr std::uint64_t seat_bytes = 1000;

} // namespace

// -- shares

/// What is asked for at the end of each turn, so only what is there as a number.
std::uint64_t namespace_actor::memory_bytes() const {
  return sequencer_.memory_bytes() + dead_.bytes() + sessions_.size() * session_bytes
         + receipts_.size() * receipt_bytes + seats_.size() * seat_bytes;
}

/// The log in memory is the first to go: what is in the store is read from there.
void namespace_actor::hold_shares() {
  memory_.hold(memory_bytes());
  disk_.hold(retention_.bytes());
  auto excess = memory_.excess();
  if (excess == 0 || sequencer_.log().size() == 0) return;
  auto log = sequencer_.log().bytes();
  sequencer_.shrink_log(log - std::min(log, excess));
  memory_.hold(memory_bytes());
}

/// Why nothing more of a client is taken, if it is not: the node is full, and this namespace has more than
/// its share.
refusal namespace_actor::check_shares() const {
  if (memory_.excess() > 0)
    return errors::namespace_full("the node's memory is used up, and this namespace has more than its share",
                                  {share_retry_ms, "namespace", memory_.bytes(), memory_.fair_bytes()});
  if (disk_.excess() > 0)
    return errors::store_full("the node's store is used up, and this namespace has more than its share",
                              {share_retry_ms, "namespace", disk_.bytes(), disk_.fair_bytes()});
  return {};
}

/// Called now and then: what was not used for some time leaves memory.
void namespace_actor::give_back() {
  sequencer_.forget_ids(now_ms());
  if (link_.exists() && now_ms() - used_at_ms_ >= idle_after.count() && sequencer_.log().size() > 0)
    sequencer_.shrink_log(0);
  note_vacancy();
}

// -- vacancy

/// Whoever comes back to a session without subscriptions finds in a new one what it had in that.
namespace_vacancy::kind namespace_actor::vacancy() const {
  using kind = namespace_vacancy::kind;
  auto used = !running_ || moving_ || !relays_.empty() || !lost_.empty() || sequencer_.log().head() > 0
              || sequencer_.held() > 0 || sequencer_.has_open() || !open_calls_.empty()
              || !pending_calls_.empty() || !promises_.empty() || !link_.is_idle() || sessions_.attached() > 0
              || !dead_.all().empty();
  if (used) return kind::in_use;
  return sessions_.any_with_state() ? kind::sessions_only : kind::empty;
}

void namespace_actor::note_vacancy() {
  auto now = vacancy();
  if (!settings_.keeper || now == std::exchange(told_vacancy_, now)) return;
  send(settings_.keeper, namespace_vacancy{settings_.name, now});
}

/// Ends if it is as vacant as that. Nothing more is written; what is in the store is its host's to drop.
void namespace_actor::retire(const retire_namespace& what) {
  auto deleted = what.at_least == namespace_vacancy::kind::in_use;
  if (!deleted && vacancy() < what.at_least) {
    told_vacancy_ = vacancy();
    return send(settings_.keeper, namespace_vacancy{settings_.name, told_vacancy_});
  }
  attached gone;
  gone.no = {
      code::not_found, "namespace_deleted", "namespace " + settings_.name + " was deleted", 0, {}, 0, 0};
  for (auto& x : relays_) send(x.actor, gone);
  running_ = false; // so that nothing is saved on the way out
  quit();
}

} // namespace weir
