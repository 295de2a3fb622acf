#pragma once

#include "tests/crash/resuming_client.hpp"

namespace weir::test {

/// What a subscriber asks for.
struct wish {
  std::string pattern;
  bool from_the_start = false; ///< Only as a session's only one: it brings old events after newer ones.
  std::string queue;
};

/// What sets one subscriber apart from another.
struct habits {
  std::vector<wish> wishes;
  bool visits = false; ///< Leaves after a few seconds and comes back as a new session.
  bool slow = false;   ///< Takes one frame in a second until the run drains.
};

/// Keeps what each of its sessions was sent.
class subscriber : public resuming_client {
public:
  subscriber(run_context& context, std::string client_id, std::uint32_t seed, habits how);

  /// Whether the first session's subscriptions have all been answered.
  bool is_ready() const noexcept { return ready_; }

  std::size_t times_lagging() const noexcept { return lagging_; }

  std::vector<session_record> records() const;

protected:
  virtual void on_event(const json& frame);

  void on_welcome(const json& welcome) override;
  void on_frame(const json& frame) override;
  void turn() override;
  bool is_reading() const override;
  std::uint64_t last_seq() const override { return last_seq_; }

private:
  /// A subscription on its way to being answered.
  struct asked {
    bool sent = false; ///< Over this connection.
    bool answered = false;
    std::size_t times = 0;
    moment not_before = 0;
  };

  void begin_session();
  void ask(std::size_t number);
  void on_ok(const json& frame);
  void on_error(const json& frame);
  void settle(std::size_t number, std::uint64_t after);
  void end_visit();
  bool has_answers() const;

  /// The subscription that an answer is for; throws where there is none.
  std::size_t number_of(const json& frame) const;

  habits how_;
  session_record current_;
  std::vector<asked> asked_;
  std::vector<session_record> past_;
  std::uint64_t last_seq_ = 0;
  std::uint64_t welcome_seq_ = 0;
  moment leave_at_ = 0;
  moment next_read_ = 0;
  std::size_t lagging_ = 0;
  std::atomic<bool> ready_{false};
};

/// A member of a queue: acks what it is handed, and now and then gives it back.
class worker : public subscriber {
public:
  worker(run_context& context, std::string client_id, std::uint32_t seed, const std::string& pattern);

  const std::vector<handed_out>& jobs() const noexcept { return jobs_; }

protected:
  void on_event(const json& frame) override;
  void on_lost(moment at) override;

private:
  std::vector<handed_out> jobs_;
  std::size_t of_this_connection_ = 0; ///< Where its jobs begin.
};

} // namespace weir::test
