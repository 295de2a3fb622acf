#pragma once

#include "actors/namespace/relay_port.hpp"

#include <string>
#include <utility>
#include <vector>

namespace weir::test {

/// A connection that keeps what its relay tells it.
class recorder : public subscriber {
public:
  explicit recorder(std::string client_id) : client_id_(std::move(client_id)) {}

  const std::string& client_id() const noexcept override { return client_id_; }
  void on_attached(const attached& info) override { attachments.push_back(info); }
  void on_deliveries(std::span<const delivery> run) override {
    deliveries.insert(deliveries.end(), run.begin(), run.end());
  }
  void on_answer(const std::string& reference, const answer& what) override {
    answers.emplace_back(reference, what);
  }
  void on_log_slice(const std::string& reference, const log_slice& what) override {
    slices.emplace_back(reference, what);
  }
  void on_run_update(const run_update& what) override { updates.push_back(what); }
  void on_session_opened(const session_opened& what) override { sessions.push_back(what); }
  void on_left_out(const link_resumed& what) override { left_out.push_back(what); }
  void on_presence(const std::string&, const presence_list& what) override { presences.push_back(what); }
  void on_notice(const notice& what) override { notices.push_back(what); }

  /// The message ids of what was delivered.
  std::vector<std::string> delivered() const {
    std::vector<std::string> out;
    for (auto& x : deliveries) out.push_back(x.what->message_id);
    return out;
  }

  /// The result of a run, or null.
  const run_result* result(const std::string& run_id) const {
    for (auto& x : updates)
      if (x.finished && x.result.run_id == run_id) return &x.result;
    return nullptr;
  }

  std::vector<attached> attachments;
  std::vector<delivery> deliveries;
  std::vector<std::pair<std::string, answer>> answers;
  std::vector<std::pair<std::string, log_slice>> slices;
  std::vector<run_update> updates;
  std::vector<session_opened> sessions;
  std::vector<presence_list> presences;
  std::vector<link_resumed> left_out;
  std::vector<notice> notices;

private:
  std::string client_id_;
};

} // namespace weir::test
