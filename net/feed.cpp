#include "net/feed.hpp"

#include "actors/event/pattern.hpp"

#include <algorithm>
#include <utility>

namespace weir {

bool feed::on_attached(const std::string& epoch, std::uint64_t seq, feed_sink& sink) {
  auto first = epoch_.empty();
  auto same = epoch_ == epoch;
  epoch_ = epoch;
  if (!first && same) {
    if (seq > cursor_ || state_ != state::live) state_ = state::lagging; // what came meanwhile is in the log
    return true;
  }
  cursor_ = seq;
  for (auto& x : wanted_) x.since = seq, x.sent_to = 0;
  max_since_ = seq;
  state_ = state::live;
  if (!first) sink.take_gap(1, seq, "epoch");
  if (std::exchange(told_lagging_, false)) sink.take_caught_up(cursor_);
  return false;
}

void feed::resume(std::uint64_t cursor, std::uint64_t now) {
  cursor_ = cursor;
  state_ = cursor < now ? state::lagging : state::live;
}

bool feed::add(std::string pattern, std::uint64_t since, std::uint64_t now) {
  if (state_ == state::live) cursor_ = std::max(cursor_, now);
  auto interrupts = since < cursor_ || state_ == state::reading; // that read knows nothing of this pattern
  if (since < cursor_) {
    for (auto& x : wanted_) x.sent_to = std::max(x.sent_to, cursor_);
    cursor_ = since;
  }
  if (interrupts) state_ = state::lagging;
  max_since_ = std::max(max_since_, since);
  wanted_.push_back({std::move(pattern), since});
  return interrupts;
}

void feed::remove(const std::string& pattern) {
  auto i =
      std::find_if(wanted_.rbegin(), wanted_.rend(), [&](const wanted& x) { return x.pattern == pattern; });
  if (i != wanted_.rend()) wanted_.erase(std::next(i).base());
}

std::optional<std::uint64_t> feed::on_push(const delivery& what, feed_sink& sink) {
  auto& x = *what.what;
  if (!x.ephemeral() && x.seq <= max_since_ && !wants(x))
    return std::nullopt; // of a pattern that begins later
  if (state_ == state::live && (x.ephemeral() || x.seq > cursor_) && sink.take_event(what)) {
    cursor_ = std::max(cursor_, x.seq);
    return std::nullopt;
  }
  if (x.ephemeral()) {
    if (dropped_++ == 0) dropped_from_ = cursor_;
    return std::nullopt;
  }
  if (state_ != state::live || x.seq <= cursor_) return std::nullopt;
  state_ = state::lagging;
  told_lagging_ = true;
  cursor_ = x.seq - 1; // what lies between did not match, or it would have been pushed
  return cursor_;
}

void feed::on_left_out(const link_resumed& what) {
  if (what.ephemeral > 0 && dropped_ == 0) dropped_from_ = cursor_;
  dropped_ += what.ephemeral;
  if (state_ == state::live && what.seq > cursor_) state_ = state::lagging;
}

std::optional<log_request> feed::on_room(feed_sink& sink) {
  if (state_ == state::live) tell_dropped(sink);
  if (state_ != state::lagging) return std::nullopt;
  if (wanted_.empty()) return become_live(sink), std::nullopt; // nothing is missed
  state_ = state::reading;
  log_request out;
  for (auto& x : wanted_) out.patterns.push_back(x.pattern);
  out.after_seq = cursor_;
  out.limit = batch;
  return out;
}

void feed::on_slice(const log_slice& slice, feed_sink& sink) {
  if (state_ != state::reading) return;
  state_ = state::lagging;
  if (slice.first_kept > cursor_ + 1) {
    sink.take_gap(cursor_ + 1, slice.first_kept - 1, "trimmed");
    cursor_ = slice.first_kept - 1;
  }
  for (auto& x : slice.deliveries) {
    if (x.what->seq <= cursor_) continue;
    if (wants(*x.what) && !sink.take_event(x)) return;
    cursor_ = x.what->seq;
  }
  cursor_ = std::max(cursor_, slice.read_to);
  if (slice.read_to >= slice.head) become_live(sink);
}

void feed::on_read_failed() {
  if (state_ == state::reading) state_ = state::lagging;
}

bool feed::wants(const event& x) const {
  bool matched = false;
  for (auto& y : wanted_) {
    if (x.seq <= y.since || !matches(y.pattern, x.type)) continue;
    if (x.seq <= y.sent_to) return false;
    matched = true;
  }
  return matched;
}

void feed::become_live(feed_sink& sink) {
  state_ = state::live;
  tell_dropped(sink);
  if (std::exchange(told_lagging_, false)) sink.take_caught_up(cursor_);
}

void feed::tell_dropped(feed_sink& sink) {
  if (std::exchange(dropped_, 0) > 0) sink.take_gap(dropped_from_, cursor_, "ephemeral_dropped");
}

} // namespace weir
