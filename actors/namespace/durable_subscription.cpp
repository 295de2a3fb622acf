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

void durable_subscription::join(const std::string& member, std::uint32_t window) {
  members_[member].window = std::max(window, 1u);
}

std::vector<offered_event> durable_subscription::leave(const std::string& member, bool crashed) {
  std::vector<offered_event> dead;
  members_.erase(member);
  for (auto i = in_hand_.begin(); i != in_hand_.end();) {
    auto at = i++;
    if (at->second.member != member) continue;
    auto x = std::move(at->second);
    in_hand_.erase(at);
    if (!crashed)
      again_.emplace(x.what.what->seq, std::move(x));
    else if (auto last = count_attempt(std::move(x), 0))
      dead.push_back(std::move(*last));
  }
  return dead;
}

// -- events

std::optional<durable_subscription::offer> durable_subscription::next(const event_log& log,
                                                                      std::int64_t now_ms) {
  if (!pick({})) return std::nullopt;
  if (auto i = next_again(now_ms); i != again_.end()) {
    auto x = std::move(i->second);
    again_.erase(i);
    return hand_out(std::move(x), *pick(x.member));
  }
  if (again_.size() >= max_again) return std::nullopt;
  auto x = next_unseen(log);
  if (!x) return std::nullopt;
  return hand_out({std::move(*x), {}, 0}, *pick({}));
}

std::map<std::uint64_t, durable_subscription::held>::iterator
durable_subscription::next_again(std::int64_t now_ms) {
  return std::find_if(again_.begin(), again_.end(),
                      [&](auto& x) { return x.second.not_before_ms <= now_ms; });
}

/// The next member after the last one that has room; one that is rather not to have it only if it is alone.
std::optional<std::string> durable_subscription::pick(const std::string& rather_not) const {
  std::optional<std::string> second_choice;
  auto i = members_.upper_bound(last_);
  for (std::size_t n = 0; n < members_.size(); ++n, ++i) {
    if (i == members_.end()) i = members_.begin();
    if (i->second.in_hand >= i->second.window) continue;
    if (i->first != rather_not || rather_not.empty()) return i->first;
    second_choice = i->first;
  }
  return second_choice;
}

durable_subscription::offer durable_subscription::hand_out(held x, const std::string& to) {
  x.member = to;
  last_ = to;
  ++members_[to].in_hand;
  offer out{to, x.what};
  in_hand_.emplace(x.what.what->seq, std::move(x));
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
  if (x->seq > seen_to_) return out;
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
  if (in_hand_.count(seq) == 0) again_.insert_or_assign(seq, held{{std::move(what), 1, true}, {}, 0});
}

std::int64_t durable_subscription::next_due_ms() const {
  std::int64_t out = 0;
  for (auto& [seq, x] : again_)
    if (x.not_before_ms > 0 && (out == 0 || x.not_before_ms < out)) out = x.not_before_ms;
  return out;
}

bool durable_subscription::is_past(std::uint64_t seq) const {
  return seq <= std::max(cursor_, seen_to_) && !holds(seq) && unfinished_.count(seq) == 0;
}

// -- what is kept of it

std::string durable_subscription::snapshot() const {
  auto unfinished = nlohmann::json::array();
  auto add = [&](std::uint64_t seq, std::uint32_t attempt) { unfinished.push_back({seq, attempt}); };
  for (auto& [seq, x] : in_hand_) add(seq, x.what.attempt);
  for (auto& [seq, x] : again_) add(seq, x.what.attempt);
  for (auto& [seq, attempt] : unfinished_) add(seq, attempt);
  nlohmann::json out = {{"cursor", std::max(cursor_, seen_to_)}, {"unfinished", std::move(unfinished)}};
  return print_json(out);
}

void durable_subscription::restore(const std::string& snapshot) {
  auto x = nlohmann::json::parse(snapshot, nullptr, false);
  if (!x.is_object() || !x.contains("cursor") || !x.contains("unfinished"))
    throw std::runtime_error("the cursor of " + name_ + " cannot be read");
  seen_to_ = x["cursor"].get<std::uint64_t>();
  cursor_ = seen_to_;
  for (auto& pair : x["unfinished"]) {
    auto seq = pair.at(0).get<std::uint64_t>();
    unfinished_[seq] = pair.at(1).get<std::uint32_t>();
    cursor_ = std::min(cursor_, seq - 1);
  }
}

bool durable_subscription::wants(const event& x) const {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&x](const std::string& pattern) { return matches(pattern, x.type); });
}

} // namespace weir
