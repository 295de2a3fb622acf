#pragma once

#include "actors/core/byte_budget.hpp"
#include "actors/core/instant.hpp"
#include "actors/core/limits.hpp"
#include "actors/core/tenure.hpp"
#include "actors/messages/namespace.hpp"
#include "actors/namespace/dead_letters.hpp"
#include "actors/namespace/durable_subscription.hpp"
#include "actors/namespace/event_stages.hpp"
#include "actors/namespace/link_credit.hpp"
#include "actors/namespace/namespace_meters.hpp"
#include "actors/namespace/presence_book.hpp"
#include "actors/namespace/receipt_book.hpp"
#include "actors/namespace/retention.hpp"
#include "actors/namespace/sequencer.hpp"
#include "actors/namespace/session_table.hpp"
#include "actors/store/store_link.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace weir {

/// One tenant: gives every event its place, has it kept, and sends it to the relays and to the agents. The
/// messages that it takes are those of `messages.hpp`; what it decides is decided by the plain classes that
/// it holds together. Everything that a client was told is in the store before.
///
/// What is on its way to it is bounded by the credit that it grants: `relay_credit` requests for each relay,
/// one unsettled batch of emitted events for each agent.
///
/// Its functions are in files of their own: namespace_actor.cpp (in), namespace_keeping.cpp (kept, and out),
/// namespace_loading.cpp, namespace_moving.cpp, namespace_sessions.cpp, namespace_subscriptions.cpp,
/// namespace_runs.cpp, namespace_admin.cpp.
class namespace_actor : public caf::event_based_actor {
public:
  struct config {
    std::string name;
    std::shared_ptr<namespace_metrics> metrics; ///< Null: of a label that is its name.
    std::string epoch;                          ///< Of a log that begins now.
    limits bounds;
    event_encoder encode = nullptr;
    std::set<std::string> targets;     ///< What can be called here.
    std::set<std::string> subscribers; ///< Durable subscriptions that miss nothing from the first load on.
    std::function<std::int64_t()> wall_clock_ms; ///< Milliseconds since the Unix epoch: for time stamps only.
    store_handle store;                          ///< Empty: nothing outlives the actor.
    durability keep = durability::process;
    bool refuse_orphans = false;                          ///< See `sequencer::config`.
    std::shared_ptr<const weir::tenure> tenure = nullptr; ///< While it lasts; null: nobody else can own it.
    bool begins_anew = false;                             ///< Whatever the store has of it is out of date.
    std::string life =
        {}; ///< Of this process: a cursor of another one says that it died. Empty: not counted.
    std::map<std::string, std::int64_t> external = {}; ///< External agents: how long a worker may be silent.
    std::shared_ptr<byte_budget> memory = nullptr;     ///< What it shares with the node's others.
    std::shared_ptr<byte_budget> disk = nullptr;       ///< As above, in the store.
    caf::actor keeper = {};                            ///< Is told when nobody would miss it. May be null.
  };

  /// The name of the orchestrator's durable subscription.
  static constexpr const char* orchestrator_name = "orchestrator";

  /// Cancels that wait while there is no orchestrator; above it `503 unavailable`.
  static constexpr std::size_t max_cancels = 256;

  /// Sessions of a gateway that is gone that are seen to in one go.
  static constexpr std::size_t max_detached_at_once = 256;

  /// Whoever owns it sends a `tick_atom` so often. What is due later than that is not waited for with a
  /// timer: the actor clock sorts its timers whenever it is given one, and most namespaces only wait for
  /// events to become too old.
  static constexpr std::chrono::milliseconds sweep_every{10'000};

  /// Relays that have not said by then that they hold back are not waited for when it moves.
  static constexpr std::chrono::milliseconds move_patience{1000};

  /// A log that was not used for so long leaves memory, if it is in the store.
  static constexpr std::chrono::milliseconds idle_after{30'000};

  /// When who is above its share is told to come again.
  static constexpr std::int64_t share_retry_ms = 5000;

  namespace_actor(caf::actor_config& cfg, config settings);

  caf::behavior make_behavior() override;
  void on_exit() override;

  const sequencer& state() const noexcept { return sequencer_; }
  const dead_letters& dead() const noexcept { return dead_; }
  const session_table& sessions() const noexcept { return sessions_; }

private:
  struct relay_entry {
    std::uint64_t number = 0;
    caf::actor actor;
    std::vector<notice> notices; // of this turn
    link_credit link;            // without a bound for a relay of this node
    bool paused = false;         // nothing more comes from it: the namespace moves
  };

  /// A durable subscription and who serves it now: an agent, the orchestrator, or the sessions of a group.
  struct seat {
    explicit seat(durable_subscription x) : subscription(std::move(x)) {}

    bool is_group() const noexcept { return !group.queue.empty(); }

    /// The queue of an external agent is there for as long as the agent is configured.
    bool is_external() const noexcept { return lease_ms > 0; }

    durable_subscription subscription;
    caf::actor subscriber;          // null between one that crashed and its successor, and for a group
    subscription_spec group;        // with a pattern, if it is one of clients
    std::set<std::string> sessions; // of a group, attached or not
    bool changed = false;           // what is kept of it is older than it is
    std::uint64_t kept_cursor = 0;
    std::int64_t lease_ms = 0; // of an external agent's: for how long a worker may be silent
    bool marked = false;       // what is kept of it says that this process has offered something
    std::size_t recording = 0; // offers that wait until that is so, or until their attempt is kept
  };

  /// A call that was accepted, and who waits for its result: told to the orchestrator, and told again to
  /// the next one when it was restarted.
  struct open_call {
    std::string run_id;
    std::vector<watcher> callers; // and who watches; bounds.run_watchers, as the orchestrator's
    watcher tied_to;              // the caller with whose connection it goes; no relay: none
    bool abandoned = false;       // that connection is gone
  };

  /// A call that waits to be kept.
  struct pending_call {
    std::string run_id;
    watcher caller; // no relay: it has left
    bool tied = false;
  };

  /// The source of answers that go to an agent's promise, beside the relays' numbers.
  static constexpr std::uint64_t promise_source = ~0ULL;

  /// How its log begins, while it is being loaded.
  enum class beginning {
    goes_on, ///< From where an earlier actor left it.
    first,   ///< The store has no log of it yet.
    renamed, ///< The log has less than was acknowledged: what is there goes on under a new epoch.
    anew,    ///< The log is not whole: it is dropped.
  };

  using origin = std::pair<std::uint64_t, std::uint64_t>; // source and ticket

  caf::behavior loading();
  caf::behavior running();

  // -- loading
  void load();
  beginning begin_from(log_state& state);
  void check_keys();
  void load_newest(log_state state, std::uint64_t before_seq);
  void load_age(log_state state);
  void load_ids();
  void load_keys(std::size_t kind, const std::string& after);
  void take_key(const key_entry& x);
  void keep_beginning();
  std::vector<store_write> begin_subscriptions();
  void on_loaded();
  void load_failed(const refusal& why);
  template <class T, class Then>
  void load_step(store_link::request what, Then then);

  // -- giving back
  std::uint64_t memory_bytes() const;
  void hold_shares();
  refusal check_shares() const;
  void give_back();
  namespace_vacancy::kind vacancy() const;
  void note_vacancy();
  void retire(const retire_namespace& what);

  // -- moving to another node
  bool is_deposed();
  void begin_move();
  void on_relay_paused();
  void end_move();

  // -- events
  void add_relay(const attach_relay& what);
  bool is_rewound(const std::string& epoch, std::uint64_t told);
  void begin_new_epoch(const std::string& why);
  void on_link_receipt(const link_receipt& what);
  void on_batch(request_batch& batch);
  void on_request(relay_entry& from, std::uint64_t ticket, publish_request& what);
  void on_request(relay_entry& from, std::uint64_t ticket, call_request& what);
  void on_request(relay_entry& from, std::uint64_t ticket, log_request& what);
  void on_request(relay_entry& from, std::uint64_t ticket, cancel_run& what);
  void on_request(relay_entry& from, std::uint64_t ticket, watch_request& what);
  void on_request(relay_entry& from, std::uint64_t ticket, unwatch_request& what);
  void on_request(relay_entry& from, std::uint64_t ticket, follow_run& what);
  void on_request(relay_entry& from, std::uint64_t ticket, worker_delta& what);
  void on_request(relay_entry& from, std::uint64_t ticket, worker_result& what);
  template <class Request>
  void ask_to_watch(relay_entry& from, std::uint64_t ticket, Request& what);
  template <class Request>
  void pass_on_work(relay_entry& from, std::uint64_t ticket, Request& what, bool renew);
  bool has_in_hand(const session& who, const std::string& run_id, bool renew);
  void watcher_left(const relay_entry& from, std::uint64_t subscriber);
  static void tell_callers(const caf::actor& orchestrator, const open_call& x, bool over);
  caf::actor find_orchestrator();
  refusal check_call(const call_request& what) const;
  bool pass_on(cancel_run order);
  caf::result<answer> on_publish(publish_request& what);
  caf::result<answer> on_call(call_request& what);
  caf::result<log_slice> on_read(log_request& what);
  void submit(event x, asker who, bool ephemeral);
  log_slice slice_of(const log_read& found, bool with_frames) const;
  void read(const log_request& what, std::function<void(log_slice)> then,
            std::function<void(refusal)> failed);
  void await_result(std::uint64_t seq, const pending_call& what);
  void announce(const server_event& what, bool ephemeral = false);
  void tell(const server_event& what);
  void end_turn();
  void flush();
  void settle();
  void keep(sequencer::batch what);
  void on_kept(const sequencer::batch& what, const store_committed& done);
  void on_not_kept(const sequencer::batch& what, const refusal& no);
  void trim();
  void send_trims();
  void on_sweep();
  void fan_out(std::vector<delivery> deliveries);
  void send_notices();
  void wake_at(std::int64_t when_ms);
  void on_tick();
  void on_down(const caf::down_msg& msg);
  void count(const answer& x);
  void measure();
  relay_entry* find_relay(std::uint64_t number);
  relay_entry* find_relay(const caf::strong_actor_ptr& actor);
  void answer_to(relay_entry& to, std::uint64_t ticket, refusal no, std::uint64_t seq = 0);

  // -- sessions
  void on_request(relay_entry& from, std::uint64_t ticket, session_open& what);
  void on_request(relay_entry& from, std::uint64_t ticket, session_welcomed& what);
  void on_request(relay_entry& from, std::uint64_t ticket, session_detach& what);
  void on_request(relay_entry& from, std::uint64_t ticket, session_subscribe& what);
  void on_request(relay_entry& from, std::uint64_t ticket, session_unsubscribe& what);
  void on_request(relay_entry& from, std::uint64_t ticket, session_ack& what);
  void on_request(relay_entry& from, std::uint64_t ticket, session_nack& what);
  void on_request(relay_entry& from, std::uint64_t ticket, presence_request& what);
  void on_request(relay_entry& from, std::uint64_t ticket, delivery_report& what);
  bool is_overtaken(const session_open& what);
  session& open_session(attachment at, session_open& what, bool& resumed, bool& changed);
  void reply_opened(attachment at, std::uint64_t ticket, const std::string& id, bool resumed,
                    const refusal& no);
  void detach_lost();
  void detach(session& x);
  void close_before(session& x);
  void expire_sessions();
  void tell_receipts();
  void keep_session(const session& x, std::function<void(const refusal&)> done);
  store_write session_put(const session& x) const;
  void notify(attachment at, decltype(notice::what) what);
  std::string make_session_id();

  // -- durable subscriptions
  void on_subscribe(subscribe_durably& what);
  void on_settlement(const settlement& what);
  void on_task_failed(const task_failed& what);
  void on_subscriber_down(seat& x, const caf::error& reason);
  void bury(seat& x, const offered_event& what, const std::string& error);
  void feed(seat& x);
  void feed_all();
  bool read_for(seat& x, const log_request& what);
  void offer_all(seat& x, std::int64_t now);
  void record(seat& x, std::vector<durable_subscription::offer> what);
  void hand_over(seat& x, durable_subscription::offer what);
  bool is_over(const event& call);
  void expire_leases(seat& x, std::int64_t now);
  void open_external_queues();
  static subscription_spec external_queue(const std::string& agent);
  std::int64_t lease_of(const seat& x, const subscription_spec& spec) const;
  std::string print_hands();
  seat* find_seat(const std::string& name);
  std::uint64_t count_groups() const;
  static std::string group_name(const subscription_spec& spec);
  refusal check_group(const session& who, const subscription_spec& spec);
  seat& open_group(const subscription_spec& spec);
  void enter_group(const session& who, const subscription_spec& spec);
  void join_group(session& who, const subscription_spec& spec);
  void leave_group(seat& x, const std::string& member, bool crashed);
  void forget_member(const session& who, const subscription_spec& spec);
  void leave_groups(session& who);
  std::uint64_t find_in_hand(seat& x, const std::string& event_id, const std::string& member);
  void restore_cursor(durable_subscription& x);
  store_write cursor_put(const seat& x) const;
  void mark_changed(seat& x);
  void save_soon();
  void save_cursors();
  void save_again(const std::set<std::string>& sessions);
  caf::result<admin_answer> on_admin(const admin_query& what);
  caf::result<admin_answer> retry(const std::string& event_id);
  caf::result<admin_answer> list_events(const admin_query& what);
  std::string report();

  instant now() const;
  std::int64_t now_ms() const; // for every duration and deadline; see `instant`
  std::int64_t wall_ms() const { return settings_.wall_clock_ms(); } // for what is stored or shown

  config settings_;
  store_link link_;
  namespace_meters meters_;
  std::int64_t kept_at_ns_ = 0; // the first batch that was kept and not yet fanned out; 0: none
  sequencer sequencer_;
  retention retention_;
  std::vector<attachment> lost_; // behind relays that are gone; bounded by the sessions that were attached
  session_table sessions_;
  presence_book presence_;
  receipt_book receipts_;
  dead_letters dead_;
  bool running_ = false;
  bool failing_ = false; // to load
  bool half_loaded_ = false;
  bool moving_ = false;
  bool ends_in_order_ = false;               // nobody works on what is in hand any more
  beginning beginning_ = beginning::goes_on; // while loading
  std::vector<event_ptr> newest_;            // while loading, newest first; log_events or log_bytes
  std::vector<attach_relay> waiting_;        // relays that came while loading: one for each I/O thread
  std::vector<relay_entry> relays_;
  std::uint64_t next_number_ = 1;                                         // of relays and promises
  std::map<std::uint64_t, caf::typed_response_promise<answer>> promises_; // of agents: one batch each
  std::map<origin, pending_call> pending_calls_;  // with open_calls_ at most bounds.runs
  std::vector<cancel_run> cancels_;               // max_cancels
  std::map<std::uint64_t, open_call> open_calls_; // by seq: accepted and not settled
  std::map<std::string, seat, std::less<>> seats_;
  std::map<std::string, std::string, std::less<>>
      kept_cursors_;                       // of those that have not subscribed again yet
  std::set<std::string> unsaved_sessions_; // acknowledged more than is kept
  std::int64_t save_at_ms_ = 0;            // 0: nothing is to be saved
  std::uint64_t ticks_ = 0;                // the number of the one tick that counts
  std::int64_t wake_at_ms_ = 0;            // 0: no tick is on its way
  std::vector<store_write> trims_;         // at most one
  budget_share memory_;
  budget_share disk_;
  std::int64_t used_at_ms_ = 0; // when a client or an agent last asked for something
  namespace_vacancy::kind told_vacancy_ = namespace_vacancy::kind::in_use;
};

} // namespace weir
