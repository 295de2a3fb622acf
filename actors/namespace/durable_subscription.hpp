#pragma once

#include "actors/namespace/event_log.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// How far those who share a subscription are in a namespace's log: one agent or the orchestrator, or the
/// members of a clients' queue group. Each event goes to one of them. They pull: at most `window` events are
/// in the hands of each, the log holds the rest. Plain: whoever owns it sends what `next` gives.
///
/// What is behind the log in memory is asked for with `wants_read` and given with `on_read`.
class durable_subscription {
public:
  /// An event that came back from its handler this often is a dead letter.
  static constexpr std::uint32_t max_attempts = 2;

  /// While so many events wait to be tried again, no new ones are offered: the log holds them.
  static constexpr std::size_t max_again = 1024;

  /// So many events for clients that are away wait for them; further ones are passed over, and are `missed`.
  static constexpr std::size_t max_private = 256;

  /// A member that goes soon after it got an event has cost it no try, so often.
  static constexpr std::uint32_t max_free_returns = 8;

  /// After the process has died, so many events behind the cursor may have been in somebody's hands though
  /// that was not kept yet.
  static constexpr std::size_t max_suspects = 1024;

  /// How many events are read from the store at a time.
  static constexpr std::uint32_t read_batch = 64;

  /// An event for a member.
  struct offer {
    std::string member;
    offered_event what;
    std::uint64_t number = 0; ///< For `is_open`.
  };

  /// Who shares the subscription.
  struct member_rules {
    std::uint32_t window = 1;
    std::string client_id = {};      ///< Empty: no client, it may see what is for any of them.
    std::int64_t ack_timeout_ms = 0; ///< For how long it may have an event in hand; 0: for ever.
  };

  /// An event in somebody's hands.
  struct hand {
    event_ptr what;
    std::string member;
    std::uint32_t attempt = 1;
    std::int64_t since_ms = 0;
  };

  durable_subscription(std::string name, std::vector<std::string> patterns, std::uint64_t cursor);

  // -- members

  /// Adds a member; one of the same name gets new rules.
  void join(const std::string& member, member_rules rules);
  void join(const std::string& member, std::uint32_t window) { join(member, member_rules{window}); }

  /// A member is gone. With `crashed`, each event that it had for `grace_ms` or longer counts one attempt
  /// more, and those that had their last are given back: dead letters. The others are offered again.
  std::vector<offered_event> leave(const std::string& member, bool crashed, std::int64_t now_ms = 0,
                                   std::int64_t grace_ms = 0);

  /// A client has a session in the group, or one less: events for it alone wait while it is away.
  void enrol(const std::string& client_id);
  void withdraw(const std::string& client_id);

  /// Events of which this says false are done with, wherever they are. Null: all are wanted.
  void set_filter(std::function<bool(const event&)> wanted) { filter_ = std::move(wanted); }

  bool has(const std::string& member) const { return members_.count(member) > 0; }
  std::size_t members() const noexcept { return members_.size(); }
  void set_patterns(std::vector<std::string> patterns) { patterns_ = std::move(patterns); }

  // -- events

  /// The next event for a member, when there is one and a window has room.
  std::optional<offer> next(const event_log& log, std::int64_t now_ms);

  /// What to read from behind the log in memory, if that is what keeps `next` from going on. Then `on_read`
  /// (or `on_read_failed`) has to follow.
  std::optional<log_request> wants_read(const event_log& log);
  void on_read(const log_slice& slice);
  void on_read_failed() noexcept { reading_ = false; }

  /// Takes back what members have had for longer than they may. Gives the dead letters among it.
  std::vector<offered_event> expire(std::int64_t now_ms);

  /// The member is still at it: its time begins anew.
  void renew(std::uint64_t seq, const std::string& member, std::int64_t now_ms);

  /// Whether what was offered under this number is still in that member's hands.
  bool is_open(const offer& x) const;

  /// The member never got it: it is offered again, as before, but not before then.
  void take_back(const offer& x, std::int64_t not_before_ms);

  /// An event is done with. Gives whether `member` had it in hand.
  bool settle(std::uint64_t seq, const std::string& member);

  /// The seq of an event that `member` has in hand; 0: it has not.
  std::uint64_t find(const std::string& event_id, const std::string& member) const;

  /// The event, if `member` has it in hand; else null.
  event_ptr in_hands_of(std::uint64_t seq, const std::string& member) const;

  /// The member gives an event back: an attempt more, and another member if there is one. Nothing of it is
  /// offered before `not_before_ms`. Gives the event when that was its last attempt: a dead letter.
  std::optional<offered_event> give_back(std::uint64_t seq, const std::string& member,
                                         std::int64_t not_before_ms);

  /// A dead letter is to be tried again, from its first attempt.
  void retry(event_ptr what);

  /// When something that was given back can be offered, or somebody's time for an event may be over; 0:
  /// never.
  std::int64_t next_due_ms(std::int64_t now_ms);

  /// Whether an event is in somebody's hands or waits to be offered again.
  bool holds(std::uint64_t seq) const { return in_hand_.count(seq) > 0 || again_.count(seq) > 0; }
  /// Whether an event has been passed over or done with.
  bool is_past(std::uint64_t seq) const;

  // -- what is kept of it

  /// All that a later incarnation needs to go on, as JSON text.
  /// @param life of this process. @param in_order it ends here: nobody works on what is in hand any more.
  std::string snapshot(const std::string& life = {}, bool in_order = false) const;

  /// Goes on from a snapshot. What was in somebody's hands then is offered again, as redelivered. Throws
  /// std::runtime_error when it is not one.
  ///
  /// With `counts_deaths`, a snapshot of another life that did not end in order says that its process died:
  /// what was in hand then has had one attempt more. What is behind the snapshot up to `head` may have been
  /// in hand, too. An attempt above `max_attempts` is the caller's to make a dead letter of.
  void restore(const std::string& snapshot, const std::string& life = {}, bool counts_deaths = false,
               std::uint64_t head = 0);

  /// The log ends at `head`: what was kept of this may be about one that went further.
  void clamp(std::uint64_t head);

  const std::string& name() const noexcept { return name_; }
  std::uint64_t cursor() const noexcept { return cursor_; }
  std::size_t in_hand() const noexcept { return in_hand_.size(); }

  /// What is in hand, oldest seq first, at most so much.
  std::vector<hand> hands(std::size_t limit) const;

  /// Events that were trimmed before anybody could have them.
  std::uint64_t missed() const noexcept { return missed_; }

private:
  struct member {
    member_rules rules;
    std::uint32_t in_hand = 0;
  };

  struct held {
    offered_event what;
    std::string member;             // in whose hands it is, or was last
    std::int64_t not_before_ms = 0; // when it waits to be offered again
    std::int64_t since_ms = 0;      // when it came into its member's hands
    std::int64_t due_ms = 0;        // when that one's time is over; 0: never
    std::uint64_t number = 0;       // of the offer
    std::uint32_t free_returns = 0;
  };

  bool wants(const event& x) const;
  bool is_done(const event& x) const { return filter_ && !filter_(x); }
  void set_due(held& x, std::int64_t at_ms);
  bool sets_aside(const event_ptr& x);
  std::optional<offered_event> next_unseen(const event_log& log);
  std::optional<offered_event> consider(const event_ptr& x);
  std::optional<offer> next_again(std::int64_t now_ms);
  std::optional<std::string> pick(const std::string& rather_not, const std::string& only = {}) const;
  offer hand_out(held x, const std::string& to, std::int64_t now_ms);
  bool take_from_hands(std::uint64_t seq, const std::string& member, held& out);
  std::optional<offered_event> count_attempt(held x, std::int64_t not_before_ms);

  std::string name_;
  std::vector<std::string> patterns_;
  std::uint64_t cursor_; // all up to here has been offered or passed over
  std::uint64_t missed_ = 0;
  std::map<std::string, member> members_;
  std::string last_;                                  // the member that got the last event
  std::map<std::uint64_t, held> in_hand_;             // at most the sum of the windows
  std::map<std::uint64_t, held> again_;               // max_again, and what was in hand
  std::map<std::uint64_t, std::uint32_t> unfinished_; // of an earlier incarnation: seq → attempt
  std::uint64_t seen_to_ = 0;                         // of an earlier incarnation: its cursor
  std::uint64_t suspect_to_ = 0; // of one whose process died: up to here, what it had seen is not known
  std::size_t suspects_ = 0;     // … and so many of these have been offered; max_suspects
  std::map<std::string, std::size_t> clients_; // of a group: with how many sessions; bounded by these
  std::function<bool(const event&)> filter_;
  std::uint64_t offers_ = 0;
  std::int64_t earliest_due_ms_ = 0; // no due time in hand is before it; 0: there is none
  std::vector<event_ptr> backlog_;   // read from the store, newest first; read_batch
  std::uint64_t backlog_to_ = 0;     // up to here it holds all that matches
  bool reading_ = false;
};

} // namespace weir
