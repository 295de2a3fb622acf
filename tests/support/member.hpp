#pragma once

#include "testing/node_fixture.hpp"

#include <string>
#include <vector>

namespace weir::test {

/// A client without a socket: a subscriber of a relay, with a session.
class member : public recorder {
public:
  member(node_fixture& node, relay& at, const std::string& client_id, const std::string& session = {})
    : recorder(client_id), node_(node), relay_(at), number_(at.join(*this)) {
    session_open what;
    what.client_id = client_id;
    what.session = session;
    relay_.open_session(number_, what);
    node_.run();
    relay_.tell(number_, session_welcomed{});
    node_.run();
  }

  ~member() override { leave(); }

  void leave() {
    if (std::exchange(number_, 0) == 0) return;
    relay_.leave(joined_);
    node_.run();
  }

  const session_opened& opened() const { return sessions.back(); }
  std::string session() const { return sessions.empty() ? "" : sessions.front().session; }

  /// As the connection does: deliveries begin when the session has it.
  answer subscribe(const std::string& id, const std::string& pattern, const std::string& queue = {},
                   bool ack = true, std::uint64_t since = subscription_spec::from_now,
                   std::int64_t ack_timeout_ms = 0) {
    relay_.change_session(joined_, "s:" + id,
                          session_subscribe{0, {id, pattern, queue, ack, since, ack_timeout_ms}});
    node_.run();
    auto out = answers.back().second;
    if (!out.no.refused() && queue.empty()) relay_.subscribe(joined_, pattern);
    return out;
  }

  answer unsubscribe(const std::string& id) {
    relay_.change_session(joined_, "u:" + id, session_unsubscribe{0, id});
    node_.run();
    return answers.back().second;
  }

  answer publish(const std::string& message_id, const std::string& type = "a", const std::string& prev = {},
                 receipt_kind receipt = receipt_kind::none) {
    auto what = node_fixture::event_of(client_id(), message_id, type);
    what.prev_event_id = prev;
    what.receipt = receipt;
    auto no = relay_.publish(joined_, message_id, what);
    node_.run();
    for (auto i = answers.rbegin(); i != answers.rend(); ++i)
      if (i->first == message_id) return i->second;
    answer none;
    none.no = no;
    return none;
  }

  void tell(session_note what) {
    relay_.tell(joined_, std::move(what));
    node_.run();
  }

  log_slice read(std::uint64_t after_seq, std::uint32_t limit = 100) {
    log_request what;
    what.patterns = {">"};
    what.after_seq = after_seq;
    what.limit = limit;
    relay_.read_log(joined_, "l", what);
    node_.run();
    return slices.back().second;
  }

  presence_list who_is_there(presence_request what = {100}) {
    relay_.read_presence(joined_, "w", std::move(what));
    node_.run();
    return presences.back();
  }

  /// What has come for it from queues: message ids, with `!` when redelivered.
  std::string queued() {
    std::string out;
    for (auto& x : notices)
      if (auto* offer = std::get_if<queue_offer>(&x.what))
        out += (out.empty() ? "" : " ") + offer->what->message_id + (offer->redelivered ? "!" : "");
    notices.clear();
    return out;
  }

  std::vector<receipt_notice> receipts() const {
    std::vector<receipt_notice> out;
    for (auto& x : notices)
      if (auto* receipt = std::get_if<receipt_notice>(&x.what)) out.push_back(*receipt);
    return out;
  }

  bool was_taken_over() const {
    for (auto& x : notices)
      if (std::holds_alternative<taken_over>(x.what)) return true;
    return false;
  }

  /// The relay's number for it.
  std::uint64_t joined() const noexcept { return joined_; }

private:
  node_fixture& node_;
  relay& relay_;
  std::uint64_t number_;
  std::uint64_t joined_ = number_;
};

} // namespace weir::test
