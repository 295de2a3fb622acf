#pragma once

#include "actors/core/instant.hpp"
#include "actors/core/limits.hpp"
#include "actors/namespace/causal_buffer.hpp"
#include "actors/namespace/dedupe_window.hpp"
#include "actors/namespace/event_log.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// Whom an answer goes to: the namespace's number for whoever asked, and that one's ticket.
struct asker {
  std::uint64_t source = 0; ///< 0: nobody waits for an answer.
  std::uint64_t ticket = 0;
  std::int64_t read_at_ns = 0; ///< When the request came off its socket, see `stage_time`.
};

/// An event with the hash by which its repeats are known.
struct sequenced {
  event_ptr what;
  std::uint64_t content_hash = 0;
  std::int64_t read_at_ns = 0; ///< As its asker's.
};

/// Gives events their place: one total order, each event once, none before its predecessor. Plain; the
/// namespace actor owns one and moves what it gives to and from the store.
///
/// An event goes through three steps. *Accepted*: it has a seq, and repeats of it are known. *Sealed*: it is
/// on its way to the store, in a batch. *Kept*: only now it is in the log, answered and delivered. What could
/// not be kept is as if it had never been accepted, with all that was accepted after it.
///
/// Bounds: what is accepted and not kept is at most what its askers may have in flight; what waits for a
/// predecessor is at most `causal_events`, above which it is refused (`429 causal_full`).
class sequencer {
public:
  struct config {
    limits bounds;
    std::string epoch;              ///< Names this history.
    event_encoder encode = nullptr; ///< Makes each event's frame, once.
    bool refuse_orphans = false;    ///< An event whose predecessor never comes is refused, not delivered.
  };

  /// What is over and done with: to be answered and delivered, in this order.
  struct settled {
    std::vector<std::pair<asker, answer>> answers;
    std::vector<delivery> deliveries; ///< In the order of the log, ephemeral ones in between.
  };

  struct batch {
    std::uint64_t id = 0;
    std::vector<sequenced> events;
    std::int64_t sealed_at_ns = 0; ///< `stage_time`, of who sealed it.
  };

  explicit sequencer(config settings);

  // -- what an earlier incarnation kept; before anything else

  /// The log of this epoch goes on after `head`.
  void resume(std::string epoch, std::uint64_t head);
  /// One of the newest events of the log, in order.
  void restore(event_ptr kept);
  /// An id of the dedupe window, in order of its seq.
  /// @param accepted_ms when it was accepted, by the clock of `instant::now_ms`; before the process:
  /// negative.
  void restore(std::string event_id, dedupe_window::entry what, std::int64_t accepted_ms);

  // -- events

  /// Takes an event: accepts it, or recognises a repeat, or holds it until its predecessor is there, or
  /// refuses it (`409 conflict`, `429 causal_full`). An ephemeral event gets no seq and is in no window: a
  /// repeat of it is delivered again.
  /// @param x without a seq; `x.ts_ms` is its time stamp.
  /// @param now_ms as of `instant`.
  /// @returns whether its predecessor is to be looked up in the log beyond memory; the answer then goes to
  /// `on_predecessor`.
  bool submit(event x, asker who, std::int64_t now_ms, bool ephemeral = false);

  /// The predecessor was found in the log, so what waits for it goes on.
  void on_predecessor(const std::string& event_id, instant now);

  /// Lets go of what has waited for too long.
  void expire(instant now);

  /// When that is to be called next, as of `instant::now_ms`; 0: nothing waits.
  std::int64_t next_expiry_ms() const noexcept { return held_.next_deadline_ms(); }

  /// An event of the server's own, which needs neither dedupe nor an answer. With `ephemeral` it is not kept.
  void announce(const server_event& what, instant now, bool ephemeral = false);

  // -- the way to the store

  /// What was accepted since the last call, to be appended. Nothing: nothing is to be kept.
  std::optional<batch> seal();

  /// The batch was kept. Batches are kept in the order in which they were sealed.
  void on_kept(std::uint64_t batch_id);

  /// The batch could not be kept. It and all after it are undone and answered with `no`.
  void on_failed(std::uint64_t batch_id, const refusal& no);

  /// What has been settled since the last call.
  settled take_settled() { return std::exchange(settled_, {}); }

  /// Where an event is that the dedupe window remembers; 0: it does not.
  std::uint64_t find(const std::string& event_id, std::int64_t now_ms);

  /// What is before `seq` has been trimmed from the store.
  void drop_before(std::uint64_t seq) { log_.drop_before(seq); }

  /// Forgets the ids that are too old.
  void forget_ids(std::int64_t now_ms) { window_.forget(now_ms); }

  /// Keeps no more than so much of the log in memory.
  void shrink_log(std::uint64_t bytes) { log_.shrink(bytes); }

  /// About what it takes of memory.
  std::uint64_t memory_bytes() const noexcept {
    return log_.bytes() + log_.overhead_bytes() + window_.memory_bytes() + held_.bytes();
  }

  /// The history goes by another name from here on. Before anything is submitted.
  void rename(std::string epoch) { settings_.epoch = std::move(epoch); }

  const event_log& log() const noexcept { return log_; }
  const std::string& epoch() const noexcept { return settings_.epoch; }
  std::size_t held() const noexcept { return held_.size(); }
  std::size_t known_ids() const noexcept { return window_.size(); }
  bool has_open() const noexcept { return !open_.empty(); }
  bool is_in_flight(std::uint64_t batch_id) const noexcept;

  /// The first seq that the store still holds, as far as predecessors are looked for there.
  void set_stored_from(std::uint64_t seq) noexcept { stored_from_ = seq; }

private:
  struct entry {
    asker who;
    answer reply;
    sequenced event; // null for a repeat of one that is on its way
  };

  struct open_batch {
    std::uint64_t id = 0;
    std::vector<entry> entries;
  };

  struct held_event {
    event what;
    asker who;
    bool ephemeral = false;
  };

  bool is_known(const std::string& event_id, std::int64_t now_ms);
  bool in_memory_log(const std::string& event_id) const;
  void accept(event x, asker who, std::int64_t now_ms, bool ephemeral);
  void accept_one(event x, asker who, std::int64_t now_ms, bool ephemeral);
  void add(entry x);
  void settle(entry& x);
  void take_back(const entry& x);
  void refuse(asker who, refusal no);

  config settings_;
  std::string incarnation_; // the epoch that a new history would have had: different each time
  event_log log_;
  dedupe_window window_;
  causal_buffer<held_event> held_;
  std::uint64_t next_seq_ = 1;
  std::uint64_t stored_from_ = 0; // 0: nothing but the log in memory
  std::uint64_t next_batch_ = 1;
  std::uint64_t announced_ = 0;      // ephemeral ones
  std::vector<entry> open_;          // accepted, not sealed
  std::size_t last_batch_size_ = 0;  // the next one will be about as large
  std::deque<open_batch> in_flight_; // sealed, not kept
  settled settled_;
};

/// The content of the event that stands for a call: its type and its data as JSON text.
std::string call_event_type(const std::string& target);
std::string call_event_data(const call_request& what);

/// The event that a request asks for.
event event_of(publish_request what, std::int64_t wall_ms);
event event_of(const call_request& what, std::int64_t wall_ms);

} // namespace weir
