#pragma once

#include "tests/crash/resuming_client.hpp"

#include <deque>
#include <unordered_map>

namespace weir::test {

/// How much is published, and of what size.
struct traffic {
  std::uint64_t pause_us = 40'000; ///< Longest pause between one publisher's events.
  unsigned large_percent = 3;
  std::size_t large_bytes = 4000;
  bool causes = true; ///< Whether events name predecessors.
};

/// Publishes until the run drains. What is not answered is sent again over the next connection, under the
/// same id; now and then it repeats what has been answered long ago.
class publisher : public resuming_client {
public:
  publisher(run_context& context, std::string client_id, std::uint32_t seed, const traffic& how);

  /// Whether all has been answered. Only to be trusted once the run drains.
  bool is_done() const noexcept { return done_; }

  const std::vector<published>& record() const noexcept { return record_; }

protected:
  void on_welcome(const json& welcome) override;
  void on_frame(const json& frame) override;
  void turn() override;

private:
  static constexpr std::size_t in_flight_limit = 16;

  /// One event on its way. It stays until it is answered.
  struct pending {
    json frame;
    std::size_t number = 0; ///< In the record.
    moment not_before = 0;
    bool sent = false;
  };

  void publish_something();
  void publish_pair();
  std::string some_type();
  void add(const std::string& type, const std::string& prev = {});
  json make_data(std::size_t number);
  void repeat_an_old_one();
  void on_ok(const json& frame);
  void on_error(const json& frame);

  traffic how_;
  std::deque<pending> waiting_;
  std::deque<pending> answered_; ///< The newest few hundred, to be repeated.
  std::vector<published> record_;
  moment next_at_ = 0;
  std::atomic<bool> done_{false};
};

} // namespace weir::test
