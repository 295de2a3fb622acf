#pragma once

#include "actors/core/io_unit.hpp"
#include "actors/namespace/subscriber.hpp"
#include "net/client_access.hpp"
#include "net/connection_context.hpp"
#include "net/feed.hpp"
#include "net/frame_meter.hpp"
#include "net/history_reads.hpp"
#include "net/open_runs.hpp"
#include "net/outbound.hpp"
#include "net/strikes.hpp"
#include "net/transport.hpp"
#include "net/wire/frames.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weir {

/// One client: speaks the protocol over a transport, and is a subscriber of its namespace's relay. All that
/// it sends waits in `outbound` until the turn ends and goes out in one gathered write.
///
/// Ends when its socket has closed. An exit message closes the socket with 1001.
class connection : public io_actor,
                   public weir::subscriber,
                   public transport_listener,
                   private turn_hook,
                   private timed,
                   private feed_sink,
                   private replayer {
public:
  static constexpr std::uint32_t max_strikes = 10; ///< Bad frames within `strike_window`; then 1008.
  static constexpr std::chrono::milliseconds strike_window{10'000};
  static constexpr std::uint32_t max_unanswered_pings = 2;

  /// How long a session token is good. A session ends with its own time to live, so this only bounds what a
  /// token that leaked is good for.
  static constexpr std::int64_t token_life_ms = 7LL * 86'400'000;

  /// How long a client whose token is not accepted waits for the answer: guessing is slow.
  static constexpr std::chrono::milliseconds denial_delay{500};

  /// @param hello_done called once, when the client has been welcomed or refused.
  connection(caf::actor_config& cfg, io_unit& unit, std::shared_ptr<connection_context> shared,
             std::shared_ptr<transport> socket, std::function<void()> hello_done);

  caf::behavior make_behavior() override;
  void on_exit() override;

  /// The limits of its namespace, which it looks up in `shared_->bounds`, hold from now on.
  void use_limits();

  /// Closes the socket after what waits in the control lane. Only the first call counts.
  void close(close_code code, std::string reason);

  /// Who the client is, as the token says that it brought with its upgrade; null: it brought none. A token in
  /// its hello counts before that. Before the first frame.
  void set_identity(identity_ptr who) { identity_ = std::move(who); }

  /// The node is about to go: tells the client to move after `delay_ms`, and serves it on until its session
  /// is attached elsewhere. A client that has not been welcomed yet is refused with `503 draining`. Only the
  /// first call counts.
  void drain(std::int64_t delay_ms);

  // -- transport_listener
  void on_text(std::string_view text) override;
  void on_writable() override;
  void on_overhead() override;
  void on_pong() override;
  void on_peer_close() override;
  void on_closed(std::uint16_t code, const std::string& reason) override;

  // -- subscriber
  const std::string& client_id() const noexcept override { return client_id_; }
  void on_attached(const attached& info) override;
  void on_deliveries(std::span<const delivery> run) override;
  void on_answer(const std::string& reference, const answer& what) override;
  void on_log_slice(const std::string& reference, const log_slice& what) override;
  void on_run_update(const run_update& what) override;
  void on_session_opened(const session_opened& what) override;
  void on_left_out(const link_resumed& what) override;
  void on_presence(const std::string& reference, const presence_list& what) override;
  void on_notice(const notice& what) override;

private:
  enum class phase {
    greeting,
    denied, ///< Who it is was not accepted, which it is told a moment later.
    attaching,
    opening,
    open,
    finishing, ///< It closes once the namespace has answered what it was asked. Nothing more is taken.
    closing,
    gone,
  };

  /// Goes on with reading once tokens have come back.
  struct reopening : timed {
    explicit reopening(connection& whose) : whose(whose) {}
    void on_time() override { whose.mark_dirty(); }
    connection& whose;
  };

  struct subscription {
    subscription_spec spec;
    std::uint64_t request = 0; // the number of what is asked of the namespace for it
    bool active = false;
  };

  // frames, in connection_requests.cpp
  void handle(wire::client_frame& frame, std::int64_t retry_after_ms);
  void reject(const wire::rejected& x);
  void on_frame(wire::hello& x);
  void on_frame(wire::publish& x);
  void on_frame(wire::subscribe& x);
  void on_frame(wire::unsubscribe& x);
  void on_frame(wire::ack& x);
  void on_frame(wire::nack& x);
  void on_frame(wire::history& x);
  void on_frame(wire::presence& x);
  void on_frame(wire::call& x);
  void on_frame(wire::cancel& x);
  void on_frame(wire::watch& x);
  void on_frame(wire::unwatch& x);
  void on_frame(wire::delta& x);
  void on_frame(wire::result& x);
  void on_frame(wire::ping& x);
  void on_frame(wire::authenticate& x);
  std::optional<refusal> admit(wire::hello& x);
  std::string anonymous_id(const wire::hello& x);
  void look_at_token();
  void deny(refusal err, wire::hello x);
  void end_denial();
  void enter(wire::hello x);
  void end_subscription(const subscription_spec& spec, const refusal& err);
  void schedule_next();
  bool is_within_rate(const wire::client_frame& frame, std::int64_t retry_after_ms);
  void hint_at_rate();
  bool wants_to_read();
  void reopen_later();
  void note_run(const std::string& run_id, bool stream, bool tied, std::uint64_t at);

  // the session, in connection_session.cpp
  void open_session();
  void welcome(const session_opened& what);
  void resume(const session_opened& what, bool other_history);
  void begin(subscription& x, std::uint64_t seq);
  void on_called(const std::string& message_id, const answer& what);
  void on_subscribed(const std::string& reference, const answer& what);
  void on_unsubscribed(const std::string& reference, const answer& what);
  void on_taken_over();
  void follow_runs();
  void confirm_written();
  void read_history(std::uint64_t number);
  void await_answer();
  void on_awaited();
  std::optional<history_reads::read> take_history(std::uint64_t number);

  // feed_sink
  bool take_event(const delivery& what) override;
  void take_gap(std::uint64_t from, std::uint64_t to, std::string_view reason) override;
  void tell_new_epoch(std::uint64_t to);
  void on_new_epoch(std::uint64_t seq);
  std::string make_token(std::uint64_t seq) const;
  void take_caught_up(std::uint64_t seq) override;

  // output
  void reply(const std::string& text);
  void refuse(const refusal& no, const wire::answered& what = {});
  std::string log_error(const refusal& no);
  void mark_dirty();
  void on_turn_end() override;
  void read_log();
  void on_replay_turn() override;
  void flush();
  void finish_closing();
  void steer_reading();
  void note_waiting(std::uint64_t bytes, std::uint64_t frames);
  void retry_later();

  // life
  void on_time() override;
  void heartbeat();
  void release();
  void settle_hello();
  void refuse_draining();
  void expect_answer(const refusal& no, const wire::answered& what);
  void on_answered();
  void begin_closing();
  bool owes_answers() const noexcept { return unanswered_ > 0 || histories_.size() > 0; }
  bool takes_answers() const noexcept { return is_live() || phase_ == phase::finishing; }
  bool is_live() const noexcept { return phase_ < phase::finishing; }

  std::shared_ptr<connection_context> shared_;
  const limits* limits_; // of its namespace, the node's until it has one; in shared_->bounds
  std::shared_ptr<transport> socket_;
  std::function<void()> hello_done_;
  phase phase_ = phase::greeting;
  std::string ns_;
  std::string client_id_;
  relay_handle relay_;
  std::uint64_t number_ = 0;              // the relay's for us
  std::string meta_;                      // JSON text of an object
  identity_ptr identity_;                 // of its upgrade, until the hello
  std::unique_ptr<client_access> access_; // from the hello on
  std::uint64_t denied_version_ = 0;      // of the keys by which it was denied
  std::unique_ptr<refusal> denial_;       // while `denied`
  std::chrono::steady_clock::time_point next_heartbeat_{};
  std::unique_ptr<wire::hello> hello_; // what the client said first, until it is welcomed
  std::string session_;
  std::string epoch_;    // of the namespace's history
  std::string at_epoch_; // while it is welcomed: what the client's last_seq is about; empty: not known
  std::int64_t attached_ms_ = 0;                      // as the namespace said
  std::map<std::string, subscription> subscriptions_; // by id; subscriptions_per_session
  std::uint64_t awaited_ = 0;                         // presence lists and watches that are not answered yet
  std::vector<std::string> unconfirmed_; // queue events that are done with once written; queue_window of each
  std::uint64_t answer_bytes_ = 1024; // of one answer: half of what may wait for the socket, so that what is
                                      // asked for together does not come to more. Fixed once it is welcomed
  history_reads histories_{answer_bytes_};
  open_runs runs_;
  outbound out_;
  std::uint64_t noted_bytes_ = 0; // of what waits, in the node's figures
  std::uint64_t noted_frames_ = 0;
  feed feed_;
  frame_meter meter_;
  std::unique_ptr<reopening> reopening_; // of a client that is far above its rate
  strikes strikes_;
  std::uint64_t requests_ = 0; // numbers what is asked for a subscription
  std::uint64_t reads_ = 0;    // numbers the log reads, so that a late answer is known
  std::uint32_t unanswered_pings_ = 0;
  std::uint64_t unanswered_ = 0; // requests that the namespace has
  bool reading_ = true;
  bool retrying_ = false;
  bool hinted_ = false;
  bool counted_lagging_ = false;
  const char* drained_ = nullptr; // since it was told to move: how it went, as the metric names it
  close_code close_code_ = close_code::normal;
  std::string close_reason_;
};

} // namespace weir
