#include "net/client_access.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace weir {

namespace {

refusal forbidden(std::string message) {
  return {code::forbidden, "forbidden", std::move(message), 0, {}, 0, 0};
}

bool begins_with(std::string_view text, std::string_view prefix) noexcept {
  return text.substr(0, prefix.size()) == prefix;
}

/// The `run_id` in the data of one of the server's own events; empty: there is none.
std::string_view run_of(const event& shown) noexcept {
  constexpr std::string_view key = R"("run_id":")";
  std::string_view data = shown.data;
  auto at = data.find(key);
  if (at == std::string_view::npos) return {};
  data.remove_prefix(at + key.size());
  return data.substr(0, data.find('"'));
}

/// What each kind of frame needs.
struct checker {
  const client_access& access;
  std::string_view client_id;

  const auth::rights& may() const noexcept { return access.may(); }
  bool owns(std::string_view run_id) const noexcept {
    return run_id.size() > client_id.size() && begins_with(run_id, client_id)
           && run_id[client_id.size()] == '/';
  }

  refusal operator()(const wire::publish& frame) const {
    if (!may().may_publish(frame.type)) return forbidden("publish: no right to publish " + frame.type);
    if (!frame.as.empty() && frame.as != client_id && !may().may_publish_as(frame.as))
      return forbidden("as: no right to publish as " + frame.as);
    return {};
  }
  refusal operator()(const wire::subscribe& frame) const {
    return access.check_subscription(frame.pattern, frame.queue);
  }
  refusal operator()(const wire::call& frame) const {
    return may().may_call(frame.target) ? refusal{} : forbidden("call: no right to call " + frame.target);
  }
  refusal operator()(const wire::cancel& frame) const {
    return may().may_cancel(owns(frame.run_id)) ? refusal{}
                                                : forbidden("cancel: no right to cancel " + frame.run_id);
  }
  refusal operator()(const wire::watch& frame) const {
    return may().may_watch(owns(frame.run_id)) ? refusal{}
                                               : forbidden("watch: no right to watch " + frame.run_id);
  }
  refusal operator()(const wire::history& frame) const {
    if (!may().history) return forbidden("history: no right to read the history");
    if (!may().may_subscribe(frame.pattern)) return forbidden("history: no right to read " + frame.pattern);
    return {};
  }
  refusal operator()(const wire::presence&) const {
    return may().presence ? refusal{} : forbidden("presence: no right to see who is there");
  }
  /// What needs no right, or needs what its namespace checks: `delta` and `result` are for who has the run in
  /// hand.
  template <class Frame>
  refusal operator()(const Frame&) const {
    return {};
  }
};

} // namespace

client_access::client_access(identity_ptr who, std::string client_id, time_point now, std::int64_t now_ms)
  : who_(std::move(who)), client_id_(std::move(client_id)) {
  if (who_->expires_ms == 0) return;
  auto left = std::chrono::milliseconds{std::max<std::int64_t>(who_->expires_ms - now_ms, 0)};
  auto life = who_->issued_ms > 0 ? std::chrono::milliseconds{who_->expires_ms - who_->issued_ms} : left;
  expires_at_ = now + left;
  warn_at_ = expires_at_ - std::min<std::chrono::milliseconds>(longest_warning, life / 5);
}

bool client_access::is_own_run(std::string_view run_id) const noexcept {
  return checker{*this, client_id_}.owns(run_id);
}

refusal client_access::check(const wire::client_frame& frame) const {
  return std::visit(checker{*this, client_id_}, frame);
}

refusal client_access::check_subscription(std::string_view pattern, std::string_view queue) const {
  if (!may().may_subscribe(pattern)) return forbidden("subscribe: no right to read " + std::string{pattern});
  if (!queue.empty() && !may().may_join(queue))
    return forbidden("queue: no right to join the queue " + std::string{queue});
  return {};
}

bool client_access::may_see(const event& shown) const {
  if (!begins_with(shown.type, "sys.")) return true;
  if (begins_with(shown.type, "sys.call.")) return may().may_watch(shown.client_id == client_id_);
  if (begins_with(shown.type, "sys.run.")) return may().may_watch(is_own_run(run_of(shown)));
  if (begins_with(shown.type, "sys.presence.")) return may().presence;
  return true;
}

std::int64_t client_access::expires_in_ms(time_point now) const noexcept {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(expires_at_ - now).count();
  return std::max<std::int64_t>(left, 0);
}

bool client_access::take_warning(time_point now) noexcept {
  return now >= warn_at_ && !std::exchange(warned_, true);
}

} // namespace weir
