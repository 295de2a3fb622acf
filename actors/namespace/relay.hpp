#pragma once

#include "actors/core/drain_rate.hpp"
#include "actors/core/gauge_share.hpp"
#include "actors/core/io_unit.hpp"
#include "actors/event/pattern_table.hpp"
#include "actors/messages/namespace.hpp"
#include "actors/namespace/relay_metrics.hpp"
#include "actors/namespace/relay_port.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace weir {

/// Between a namespace and the connections of one I/O thread: takes one message per batch of events and hands
/// it to whom it concerns, and gathers the connections' requests of one turn into one message to the
/// namespace. Requests in flight are bounded by the credit that the namespace granted; overflow policy:
/// refused with `429 namespace_full`, or `link_full` when the namespace is on another node.
///
/// The public verbs are called directly by connections of the same thread. (CAF's actors have members named
/// `subscriber` and `request`, hence the qualified names.)
class relay : public io_actor, public relay_port, private turn_hook {
public:
  struct config {
    std::string ns;
    caf::actor host;                                       ///< Knows the namespace, or makes it.
    event_encoder encode;                                  ///< For deliveries that come without a frame.
    std::shared_ptr<relay_metrics_book> metrics = nullptr; ///< Of its thread; null: its own.
  };

  /// A request to be attached that is not answered in this time is made again: it, or its answer, was lost on
  /// the way to another node. To be attached twice does no harm.
  static constexpr std::chrono::seconds attach_timeout{1};

  /// So long it is asked for again and again whose the namespace is; then the connections are refused.
  static constexpr std::chrono::seconds attach_patience{10};

  /// While a namespace moves, requests wait here, as many as its credit allowed; then they are refused.
  static constexpr std::chrono::seconds move_patience{3};

  /// Acknowledgements and the like wait, too, which need no credit: with all that waits this many times the
  /// credit; above it the namespace is waited for no longer.
  static constexpr std::uint64_t max_held_per_credit = 4;

  relay(caf::actor_config& cfg, io_unit& unit, config settings);

  caf::behavior make_behavior() override;
  void on_exit() override;

  std::uint64_t join(weir::subscriber& who) override;
  void leave(std::uint64_t number) override;
  std::uint64_t subscribe(std::uint64_t number, const std::string& pattern) override;
  void unsubscribe(std::uint64_t number, const std::string& pattern) override;
  refusal publish(std::uint64_t number, std::string reference, publish_request what) override;
  refusal call(std::uint64_t number, std::string reference, call_request what) override;
  refusal read_log(std::uint64_t number, std::string reference, log_request what) override;
  void open_session(std::uint64_t number, session_open what) override;
  refusal change_session(std::uint64_t number, std::string reference, session_subscribe what) override;
  refusal change_session(std::uint64_t number, std::string reference, session_unsubscribe what) override;
  void tell(std::uint64_t number, session_note what) override;
  refusal read_presence(std::uint64_t number, std::string reference, presence_request what) override;
  refusal cancel(std::uint64_t number, std::string reference, std::string run_id) override;
  refusal watch(std::uint64_t number, std::string reference, std::string run_id, std::uint64_t at) override;
  refusal unwatch(std::uint64_t number, std::string reference, std::string run_id) override;
  void follow(std::uint64_t number, const std::string& run_id, std::uint64_t seq, bool stream, bool tied,
              std::uint64_t at) override;
  refusal work(std::uint64_t number, std::string reference, worker_delta what) override;
  refusal work(std::uint64_t number, std::string reference, worker_result what) override;

  bool is_attached() const noexcept { return ns_ != nullptr; }
  const std::string& ns() const noexcept { return settings_.ns; }
  std::size_t subscribers() const noexcept { return subscribers_.size(); }

private:
  struct member {
    weir::subscriber* who;
    std::uint64_t last_run = 0; // the number of the last run of deliveries that it got: one event once
    bool has_session = false;
    bool has_runs = false; // somebody may tell it of runs
    std::vector<std::string> patterns;
  };

  struct pending {
    std::uint64_t subscriber;
    std::string reference;
  };

  /// Runs when the connections that were handed something in this turn have written.
  struct written_hook : turn_hook {
    explicit written_hook(relay& x) : owner(x) {}
    void on_turn_end() override { owner.on_written(*this); }
    relay& owner;
    bool is_last = false; // of this turn, behind all that was queued until its end
  };

  void ask_to_attach();
  void on_attached(const attached& info);
  void on_attach_later();
  void check_link();
  void on_attach_timeout(std::uint64_t attempt);
  bool is_remote() const;
  void on_namespace_down();
  void on_namespace_moves();
  void on_move_timeout(std::uint64_t move);
  void send_held(std::vector<weir::request> held);
  void answer_lost(const std::vector<weir::request>& except);
  void on_deliveries(const delivery_batch& batch);
  void on_link_resumed(const link_resumed& what);
  void confirm(const delivery_batch& batch);
  void on_answers(const answer_batch& batch);
  void on_log_slice(const log_slice& slice);
  void on_run_update(const run_update& update);
  void on_session_opened(const session_opened& what);
  void on_presence(const presence_list& what);
  void on_notices(const notice_batch& batch);
  void deliver(std::span<const delivery> run);
  void note_handed(std::int64_t kept_at_ns);
  void on_written(written_hook& hook);
  void label_metrics(const std::string& label);
  void note_pending();
  void on_turn_end() override;

  weir::subscriber* settle(std::uint64_t ticket, std::string& reference);
  template <class Request>
  refusal offer(std::uint64_t number, std::string reference, Request what);
  template <class Request>
  void post(std::uint64_t ticket, Request what);
  member* find(std::uint64_t number);
  watcher watcher_of(std::uint64_t number, bool stream, std::uint64_t at);

  config settings_;
  caf::actor ns_;
  attached info_;
  bool attaching_ = false;
  std::uint64_t attempts_ = 0; // to attach
  std::optional<caf::actor_clock::time_point> put_off_since_;
  std::uint64_t moves_ = 0;       // of the namespace, to other nodes
  bool moving_ = false;           // it is on its way: `outgoing_` waits
  std::uint64_t unconfirmed_ = 0; // bytes that have come over the link since the last receipt
  std::uint64_t seq_ = 0;         // the newest that was delivered
  std::uint64_t runs_ = 0;        // of deliveries
  std::uint64_t next_number_ = 1;
  std::uint64_t next_ticket_ = 1;
  std::unordered_map<std::uint64_t, member> subscribers_;
  std::unordered_map<std::uint64_t, pending> pending_; // at most the credit, and a handshake each
  pattern_table<member*> patterns_;                    // members do not move
  std::vector<weir::request> outgoing_;                // of one turn; while it moves: max_held_per_credit
  std::size_t last_batch_size_ = 0;                    // the next one will be about as large
  drain_rate rate_;
  gauge_share pending_gauge_;
  gauge_share credit_gauge_;
  gauge_share held_gauge_;
  std::shared_ptr<relay_metrics> metrics_; // those of the namespace, once that is known
  std::vector<std::int64_t> handed_at_ns_; // of the batches of this turn
  written_hook written_{*this};
};

} // namespace weir
