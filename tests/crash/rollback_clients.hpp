#pragma once

#include "tests/crash/resuming_client.hpp"
#include "tests/crash/rollback_history.hpp"

#include <deque>
#include <mutex>

namespace weir::test {

/// Publishes events and remembers what was acknowledged, and in which epoch.
class rollback_publisher : public resuming_client {
public:
  rollback_publisher(run_context& context, std::string client_id, std::uint32_t seed);

  std::size_t acked_count() const noexcept { return acked_; }
  bool is_idle() const noexcept { return idle_; }
  const std::vector<acked_event>& acks() const noexcept { return acks_; } ///< Once it has ended.

private:
  struct sent_event {
    std::string message_id;
    bool sent = false;
    moment not_before = 0;
  };

  void on_welcome(const json& welcome) override;
  void on_frame(const json& frame) override;
  void turn() override;

  std::string epoch_;
  std::deque<sent_event> waiting_; // in the order in which they are sent
  std::uint64_t made_ = 0;
  moment next_at_ = 0;
  std::vector<acked_event> acks_;
  std::atomic<std::size_t> acked_{0};
  std::atomic<bool> idle_{false};
};

/// A subscriber of all that is published, which remembers all that it is told.
class rollback_subscriber : public resuming_client {
public:
  struct habits {
    bool says_epoch = true; ///< As a client of today; else as one that knows nothing of epochs.
    bool slow = false;      ///< Its socket holds little.
  };

  rollback_subscriber(run_context& context, std::string client_id, std::uint32_t seed, habits how);

  /// Whether it reads, and whether it is there: from any thread.
  void set_reading(bool on) { reading_wanted_ = on; }
  void set_present(bool on) {
    present_ = on;
    if (!on) cut();
  }

  bool is_ready() const noexcept { return ready_; }
  std::uint64_t newest() const noexcept { return newest_; }       ///< Of the epoch that it is in.
  const told_session& record() const noexcept { return record_; } ///< Once it has ended.

private:
  void on_welcome(const json& welcome) override;
  void on_frame(const json& frame) override;
  void turn() override;
  bool is_reading() const override { return reading_wanted_; }
  bool is_present() const override { return present_; }
  std::uint64_t last_seq() const override { return newest_; }
  std::string last_epoch() const override { return how_.says_epoch ? epoch_ : std::string{}; }
  void on_gap(const json& frame);

  habits how_;
  told_session record_;
  std::string epoch_;
  bool asked_ = false, answered_ = false;
  moment ask_at_ = 0;
  std::atomic<std::uint64_t> newest_{0};
  std::atomic<bool> reading_wanted_{true}, present_{true}, ready_{false};
};

} // namespace weir::test
