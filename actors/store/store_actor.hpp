#pragma once

#include "actors/core/inbox.hpp"
#include "actors/core/readiness.hpp"
#include "actors/messages/store.hpp"
#include "actors/store/store.hpp"
#include "actors/store/store_metrics.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weir {

/// A node's store as an actor on a thread of its own. Messages: `(permit, store_batch)` and
/// `(permit, store_read)`; see messages.hpp. Its inbox bounds what waits.
///
/// Group commit: the first batch that comes makes the actor send itself a flush. What is in its mailbox
/// before that comes back belongs to the group, so under load a group is all that came during the last
/// commit, and an idle store commits a lone batch at once. One fsync serves all of a group when any of it
/// wants one.
///
/// Reads wait in a queue of their own, and between two of them the mailbox is emptied: so a batch waits for
/// one read at most, however many there are, and each of those looks at a bounded number of events.
///
/// Once a second it looks after the store (`store::check`). What keeps it from taking what it is given is
/// logged once when it begins and once when it is over, and told by `waits`; meanwhile a small write is
/// tried each second, as nobody else may write to a node that is not ready.
class store_actor : public caf::event_based_actor {
public:
  struct config {
    std::uint64_t group_events =
        16'384; ///< A group that has as many is committed; so it ends in bounded time.
    std::chrono::milliseconds sweep_every{1000}; ///< While there is less than a step's work to do.
    std::chrono::milliseconds sweep_pause{10};   ///< Between the steps while there is more.
    std::uint64_t sweep_step = 256;              ///< Keys and events freed in one step.
    std::chrono::milliseconds check_every{1000};
    std::shared_ptr<readiness> waits;            ///< Told while the store takes nothing. Null: nobody asks.
    std::function<std::int64_t()> wall_clock_ms; ///< As keys expire, see `expiry_clock`; empty: the system's.
  };

  /// Namespaces whose failed commits are remembered. Overflow policy: of any more the batches that were under
  /// way are refused with 409 instead of the commit's own cause.
  static constexpr std::size_t max_broken = 1024;

  store_actor(caf::actor_config& cfg, std::unique_ptr<store> what, config settings);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct waiting {
    permit place;
    caf::strong_actor_ptr sender;
    store_batch batch;
  };

  /// Explains the appends that were sent behind it. Once its writer begins again at `first_seq` it explains
  /// nothing more: what is refused then is wrong by itself.
  struct failed_append {
    refusal why;
    std::uint64_t first_seq = 0;
  };

  void enqueue_batch(permit& place, store_batch& batch);
  struct waiting_read {
    permit place;
    caf::typed_response_promise<store_answer> answer;
    store_read what;
  };

  caf::result<store_answer> enqueue_read(permit& place, const store_read& what);
  void read_next();
  void flush();
  void settle(waiting& x, store_committed answer);
  void explain(const store_batch& batch, store_committed& answer);
  void remember_failure(const log_append& failed, const refusal& why, bool maybe_written);
  void sweep();
  void check();
  void probe();
  void note_write(const group_result& what);
  void note_trouble(std::string& of, std::string why);

  std::unique_ptr<store> store_;
  config settings_;
  store_metrics metrics_;
  std::vector<waiting> group_;
  std::uint64_t group_events_ = 0;
  bool flush_sent_ = false;
  std::deque<waiting_read> reads_; // each has a permit of the inbox
  bool read_sent_ = false;
  std::string write_trouble_, check_trouble_; // empty: none
  std::chrono::steady_clock::time_point trouble_since_{};
  std::uint64_t refused_ = 0;                   // batches since then
  std::map<std::string, failed_append> broken_; // namespaces whose last append was in a commit that failed
};

/// How callers reach a store: offer to `actor` through `box`.
struct store_handle {
  caf::actor actor;
  inbox_ptr box;
  fence guard = {}; ///< What each write of a `store_link` claims to hold.
};

struct store_options {
  std::uint64_t inbox_limit = 4096; ///< Batches and reads that wait; above it `429 store_full`.
  bool detached = true;             ///< false for tests: a thread of its own does not run on a virtual clock.
  store_actor::config actor;
};

/// Starts a store's actor. End it with an exit message. What waits then is neither kept nor answered: whoever
/// waits for an answer monitors the store.
store_handle start_store(caf::actor_system& sys, std::unique_ptr<store> what, store_options options = {});

} // namespace weir
