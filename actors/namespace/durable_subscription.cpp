#include "actors/namespace/durable_subscription.hpp"

#include "actors/core/json_print.hpp"
#include "actors/event/pattern.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <stdexcept>

namespace weir {

durable_subscription::durable_subscription(std::string name, std::vector<std::string> patterns,
                                           std::uint64_t cursor)
  : name_(std::move(name)), patterns_(std::move(patterns)), cursor_(cursor) {}

// -- members

void durable_subscription::join(const std::string& member, member_rules rules) {
  rules.window = std::max(rules.window, 1U);
  members_[member].rules = std::move(rules);
}

std::vector<offered_event> durable_subscription::leave(const std::string& member, bool crashed,
                                                       std::int64_t now_ms, std::int64_t grace_ms) {
  std::vector<offered_event> dead;
  members_.erase(member);
  for (auto i = in_hand_.begin(); i != in_hand_.end();) {
    auto at = i++;
    if (at->second.member != member) continue;
    auto x = std::move(at->second);
    in_hand_.erase(at);
    if (is_done(*x.what.what)) continue;
    // Who goes at once may never have seen it; who does so again and again has.
    auto is_free = now_ms - x.since_ms < grace_ms && x.free_returns < max_free_returns;
    if (!crashed || is_free) {
      if (crashed) ++x.free_returns;
      x.what.redelivered = x.what.redelivered || crashed;
      again_.emplace(x.what.what->seq, std::move(x));
    } else if (auto last = count_attempt(std::move(x), 0)) {
      dead.push_back(std::move(*last));
    }
  }
  return dead;
}

void durable_subscription::enrol(const std::string& client_id) { ++clients_[client_id]; }

void durable_subscription::withdraw(const std::string& client_id) {
  auto i = clients_.find(client_id);
  if (i == clients_.end() || --i->second > 0) return;
  clients_.erase(i);
  missed_ += std::erase_if(again_, [&](auto& x) { return x.second.what.what->to == client_id; });
}

// -- events

std::optional<durable_subscription::offer> durable_subscription::next(const event_log& log,
                                                                      std::int64_t now_ms) {
  if (!pick({})) return std::nullopt;
  if (auto out = next_again(now_ms)) return out;
  if (again_.size() >= max_again) return std::nullopt;
  while (auto x = next_unseen(log)) {
    auto seq = x->what->seq;
    held fresh;
    fresh.what = std::move(*x);
    if (auto to = pick({}, fresh.what.what->to)) return hand_out(std::move(fresh), *to, now_ms);
    if (!sets_aside(fresh.what.what)) continue;
    again_.emplace(seq, std::move(fresh));
    if (again_.size() >= max_again) break;
  }
  return std::nullopt;
}

std::optional<durable_subscription::offer> durable_subscription::next_again(std::int64_t now_ms) {
  for (auto i = again_.begin(); i != again_.end();) {
    auto at = i++;
    auto& x = at->second;
    if (is_done(*x.what.what)) {
      again_.erase(at);
      continue;
    }
    if (x.not_before_ms > now_ms) continue;
    auto to = pick(x.member, x.what.what->to);
    if (!to) continue;
    auto out = std::move(x);
    again_.erase(at);
    return hand_out(std::move(out), *to, now_ms);
  }
  return std::nullopt;
}

/// An event that only one client may see waits for it, if it is of the group.
bool durable_subscription::sets_aside(const event_ptr& x) {
  if (clients_.count(x->to) == 0) return false;
  auto waits = [](auto& y) { return !y.second.what.redelivered && !y.second.what.what->to.empty(); };
  if (std::count_if(again_.begin(), again_.end(), waits) < static_cast<std::ptrdiff_t>(max_private))
    return true;
  ++missed_;
  return false;
}

/// The next member after the last one that has room; one that is rather not to have it only if it is alone.
/// @param only the one client that may see it; empty: every member may.
std::optional<std::string> durable_subscription::pick(const std::string& rather_not,
                                                      const std::string& only) const {
  std::optional<std::string> second_choice;
  auto i = members_.upper_bound(last_);
  for (std::size_t n = 0; n < members_.size(); ++n, ++i) {
    if (i == members_.end()) i = members_.begin();
    auto& [name, x] = *i;
    if (x.in_hand >= x.rules.window) continue;
    if (!only.empty() && !x.rules.client_id.empty() && x.rules.client_id != only) continue;
    if (name != rather_not || rather_not.empty()) return name;
    second_choice = name;
  }
  return second_choice;
}

durable_subscription::offer durable_subscription::hand_out(held x, const std::string& to,
                                                           std::int64_t now_ms) {
  auto& whom = members_[to];
  ++whom.in_hand;
  last_ = to;
  x.member = to;
  x.since_ms = now_ms;
  set_due(x, whom.rules.ack_timeout_ms > 0 ? now_ms + whom.rules.ack_timeout_ms : 0);
  x.number = ++offers_;
  offer out{to, x.what, x.number};
  in_hand_.emplace(x.what.what->seq, std::move(x));
  return out;
}

std::vector<offered_event> durable_subscription::expire(std::int64_t now_ms) {
  std::vector<offered_event> dead;
  if (earliest_due_ms_ == 0 || earliest_due_ms_ > now_ms) return dead;
  for (auto i = in_hand_.begin(); i != in_hand_.end();) {
    auto seq = i->first;
    auto is_due = i->second.due_ms > 0 && i->second.due_ms <= now_ms;
    auto member = i->second.member;
    ++i;
    held x;
    if (!is_due || !take_from_hands(seq, member, x) || is_done(*x.what.what)) continue;
    if (auto last = count_attempt(std::move(x), 0)) dead.push_back(std::move(*last));
  }
  return dead;
}

void durable_subscription::renew(std::uint64_t seq, const std::string& member, std::int64_t now_ms) {
  auto i = in_hand_.find(seq);
  auto who = members_.find(member);
  if (i == in_hand_.end() || i->second.member != member || who == members_.end()) return;
  auto timeout_ms = who->second.rules.ack_timeout_ms;
  set_due(i->second, timeout_ms > 0 ? now_ms + timeout_ms : 0);
}

void durable_subscription::set_due(held& x, std::int64_t at_ms) {
  x.due_ms = at_ms;
  if (at_ms > 0 && (earliest_due_ms_ == 0 || at_ms < earliest_due_ms_)) earliest_due_ms_ = at_ms;
}

bool durable_subscription::is_open(const offer& x) const {
  auto i = in_hand_.find(x.what.what->seq);
  return i != in_hand_.end() && i->second.number == x.number;
}

void durable_subscription::take_back(const offer& x, std::int64_t not_before_ms) {
  held out;
  if (!is_open(x) || !take_from_hands(x.what.what->seq, x.member, out)) return;
  out.not_before_ms = not_before_ms;
  again_.emplace(x.what.what->seq, std::move(out));
}

std::vector<durable_subscription::hand> durable_subscription::hands(std::size_t limit) const {
  std::vector<hand> out;
  for (auto& [seq, x] : in_hand_) {
    if (out.size() >= limit) break;
    out.push_back({x.what.what, x.member, x.what.attempt, x.since_ms});
  }
  return out;
}

std::optional<offered_event> durable_subscription::next_unseen(const event_log& log) {
  while (!backlog_.empty()) {
    auto x = std::move(backlog_.back());
    backlog_.pop_back();
    if (x->seq <= cursor_) continue;
    cursor_ = x->seq;
    if (auto out = consider(x)) return out;
  }
  cursor_ = std::max(cursor_, backlog_to_);
  while (cursor_ < log.head() && cursor_ + 1 >= log.first_kept()) {
    auto& candidate = log.at(++cursor_)->what;
    if (!wants(*candidate)) continue;
    if (auto out = consider(candidate)) return out;
  }
  if (cursor_ >= seen_to_) unfinished_.clear(); // what is left matches no pattern any more
  return std::nullopt;
}

/// An event that an earlier incarnation saw is offered only if it was not finished then.
std::optional<offered_event> durable_subscription::consider(const event_ptr& x) {
  offered_event out{x, 1, false};
  if (is_done(*x)) return std::nullopt;
  if (x->seq > seen_to_) {
    if (x->seq > suspect_to_ || suspects_ >= max_suspects) return out;
    ++suspects_;
    out.attempt = max_attempts;
    out.redelivered = true;
    return out;
  }
  auto node = unfinished_.extract(x->seq);
  if (node.empty()) return std::nullopt;
  out.attempt = node.mapped();
  out.redelivered = true;
  return out;
}

std::optional<log_request> durable_subscription::wants_read(const event_log& log) {
  if (reading_ || !backlog_.empty() || cursor_ + 1 >= log.first_kept() || !pick({})) return std::nullopt;
  reading_ = true;
  log_request out;
  out.patterns = patterns_;
  out.after_seq = cursor_;
  out.limit = read_batch;
  return out;
}

void durable_subscription::on_read(const log_slice& slice) {
  reading_ = false;
  if (cursor_ + 1 < slice.first_kept) {
    missed_ += slice.first_kept - cursor_ - 1;
    cursor_ = slice.first_kept - 1;
    unfinished_.erase(unfinished_.begin(), unfinished_.lower_bound(slice.first_kept));
  }
  backlog_to_ = slice.read_to;
  for (auto i = slice.deliveries.rbegin(); i != slice.deliveries.rend(); ++i) backlog_.push_back(i->what);
}

bool durable_subscription::take_from_hands(std::uint64_t seq, const std::string& member, held& out) {
  auto i = in_hand_.find(seq);
  if (i == in_hand_.end() || i->second.member != member) return false;
  out = std::move(i->second);
  in_hand_.erase(i);
  if (auto owner = members_.find(member); owner != members_.end()) --owner->second.in_hand;
  return true;
}

bool durable_subscription::settle(std::uint64_t seq, const std::string& member) {
  held x;
  return take_from_hands(seq, member, x);
}

std::uint64_t durable_subscription::find(const std::string& event_id, const std::string& member) const {
  for (auto& [seq, x] : in_hand_)
    if (x.member == member && x.what.what->event_id() == event_id) return seq;
  return 0;
}

event_ptr durable_subscription::in_hands_of(std::uint64_t seq, const std::string& member) const {
  auto i = in_hand_.find(seq);
  return i == in_hand_.end() || i->second.member != member ? nullptr : i->second.what.what;
}

std::optional<offered_event> durable_subscription::give_back(std::uint64_t seq, const std::string& member,
                                                             std::int64_t not_before_ms) {
  held x;
  if (!take_from_hands(seq, member, x)) return std::nullopt;
  return count_attempt(std::move(x), not_before_ms);
}

std::optional<offered_event> durable_subscription::count_attempt(held x, std::int64_t not_before_ms) {
  if (x.what.attempt >= max_attempts) return x.what;
  ++x.what.attempt;
  x.what.redelivered = true;
  x.not_before_ms = not_before_ms;
  auto seq = x.what.what->seq;
  again_.emplace(seq, std::move(x));
  return std::nullopt;
}

void durable_subscription::retry(event_ptr what) {
  auto seq = what->seq;
  held x;
  x.what = {std::move(what), 1, true};
  if (in_hand_.count(seq) == 0) again_.insert_or_assign(seq, std::move(x));
}

std::int64_t durable_subscription::next_due_ms(std::int64_t now_ms) {
  auto take_earlier = [](std::int64_t& out, std::int64_t at_ms) {
    if (at_ms > 0 && (out == 0 || at_ms < out)) out = at_ms;
  };
  if (earliest_due_ms_ > 0 && earliest_due_ms_ <= now_ms) { // who had that time may be done
    earliest_due_ms_ = 0;
    for (auto& [seq, x] : in_hand_) take_earlier(earliest_due_ms_, x.due_ms);
  }
  auto out = earliest_due_ms_ > 0 ? std::max(earliest_due_ms_, now_ms + 1) : 0;
  for (auto& [seq, x] : again_)
    if (x.not_before_ms > now_ms) take_earlier(out, x.not_before_ms);
  return out;
}

bool durable_subscription::is_past(std::uint64_t seq) const {
  return seq <= std::max(cursor_, seen_to_) && !holds(seq) && unfinished_.count(seq) == 0;
}

// -- what is kept of it

std::string durable_subscription::snapshot(const std::string& life, bool in_order) const {
  auto unfinished = nlohmann::json::array();
  auto add = [&](std::uint64_t seq, std::uint32_t attempt, bool in_hand) {
    unfinished.push_back({seq, attempt, in_hand ? 1 : 0});
  };
  for (auto& [seq, x] : in_hand_) add(seq, x.what.attempt, true);
  for (auto& [seq, x] : again_) add(seq, x.what.attempt, false);
  for (auto& [seq, attempt] : unfinished_) add(seq, attempt, false);
  nlohmann::json out = {{"cursor", std::max(cursor_, seen_to_)}, {"unfinished", std::move(unfinished)}};
  if (suspect_to_ > std::max(cursor_, seen_to_)) out["suspect_to"] = suspect_to_;
  if (!life.empty() && !in_order) out["life"] = life;
  return print_json(out);
}

void durable_subscription::restore(const std::string& snapshot, const std::string& life, bool counts_deaths,
                                   std::uint64_t head) {
  auto x = nlohmann::json::parse(snapshot, nullptr, false);
  if (!x.is_object() || !x.contains("cursor") || !x.contains("unfinished"))
    throw std::runtime_error("the cursor of " + name_ + " cannot be read");
  auto before = x.value("life", ""); // none: it ended in order, or was kept by an earlier version
  auto died = counts_deaths && !before.empty() && before != life;
  seen_to_ = x["cursor"].get<std::uint64_t>();
  cursor_ = seen_to_;
  suspect_to_ = died ? head : x.value("suspect_to", std::uint64_t{0});
  for (auto& place : x["unfinished"]) {
    auto seq = place.at(0).get<std::uint64_t>();
    auto was_in_hand = place.size() > 2 && place.at(2).get<int>() != 0;
    unfinished_[seq] = place.at(1).get<std::uint32_t>() + (died && was_in_hand ? 1 : 0);
    cursor_ = std::min(cursor_, seq - 1);
  }
}

void durable_subscription::clamp(std::uint64_t head) {
  seen_to_ = std::min(seen_to_, head);
  cursor_ = std::min(cursor_, head);
  suspect_to_ = std::min(suspect_to_, head);
  unfinished_.erase(unfinished_.upper_bound(head), unfinished_.end());
}

bool durable_subscription::wants(const event& x) const {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&x](const std::string& pattern) { return matches(pattern, x.type); });
}

} // namespace weir
