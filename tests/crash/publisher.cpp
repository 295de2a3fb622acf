#include "tests/crash/publisher.hpp"

#include <algorithm>

namespace weir::test {

namespace {

constexpr std::size_t repeatable = 400;

} // namespace

publisher::publisher(run_context& context, std::string client_id, std::uint32_t seed, const traffic& how)
  : resuming_client(context, std::move(client_id), seed), how_(how) {}

void publisher::on_welcome(const json&) {
  for (auto& x : waiting_) x.sent = false;
}

void publisher::turn() {
  auto now = context_.now();
  if (!context_.draining && now >= next_at_ && waiting_.size() < in_flight_limit) {
    publish_something();
    next_at_ = now + static_cast<moment>(random(how_.pause_us));
  }
  for (auto& x : waiting_) {
    if (x.sent || x.not_before > now) continue;
    send(x.frame);
    x.sent = true;
  }
  done_ = context_.draining && waiting_.empty();
}

void publisher::publish_something() {
  auto dice = random(100);
  if (dice < 5 && !answered_.empty())
    repeat_an_old_one();
  else if (dice < 25 && how_.causes)
    publish_pair();
  else
    add(some_type());
}

/// One event that names the one before it; half of the time it is sent first.
void publisher::publish_pair() {
  auto type = "note." + client_id();
  auto first = record_.size();
  add(type);
  add(type, record_[first].event_id);
  if (random(2) == 0) return;
  std::swap(waiting_[waiting_.size() - 2], waiting_.back());
  if (random(2) == 0) waiting_.back().not_before = context_.now() + static_cast<moment>(random(100'000));
}

std::string publisher::some_type() {
  auto number = client_id() + '-' + std::to_string(record_.size());
  switch (random(8)) {
  case 0:
    return "chain.a." + number;
  case 1:
  case 2:
    return "job." + std::to_string(random(3));
  case 3:
    return "bulk." + std::to_string(random(2));
  default:
    return "chat.r" + std::to_string(random(4)) + ".message";
  }
}

void publisher::add(const std::string& type, const std::string& prev) {
  auto number = record_.size();
  auto message_id = "m" + std::to_string(number);
  json frame = {{"op", "publish"}, {"type", type}, {"message_id", message_id}, {"data", make_data(number)}};
  if (!prev.empty()) frame["prev_event_id"] = prev;
  record_.push_back({client_id(), client_id() + '/' + message_id, type, content_of(frame), {}});
  waiting_.push_back({std::move(frame), number, 0, false});
}

json publisher::make_data(std::size_t number) {
  auto size = random(100) < how_.large_percent ? how_.large_bytes : 10 + random(60);
  return {{"n", number}, {"pad", std::string(size, static_cast<char>('a' + random(26)))}};
}

void publisher::repeat_an_old_one() {
  auto at = static_cast<std::ptrdiff_t>(random(answered_.size()));
  waiting_.push_back(answered_[static_cast<std::size_t>(at)]);
  waiting_.back().sent = false;
  answered_.erase(answered_.begin() + at);
}

void publisher::on_frame(const json& frame) {
  auto op = frame.value("op", "");
  if (op == "ok") on_ok(frame);
  if (op == "error") on_error(frame);
}

void publisher::on_ok(const json& frame) {
  auto there = std::find_if(waiting_.begin(), waiting_.end(), [&frame](const pending& x) {
    return x.frame["message_id"] == frame.value("message_id", "");
  });
  if (there == waiting_.end()) return fault("an ok for what was not sent: " + frame.dump());
  record_[there->number].oks.push_back(
      {frame.value("seq", std::uint64_t{0}), frame.value("duplicate", false)});
  context_.progress();
  answered_.push_back(std::move(*there));
  if (answered_.size() > repeatable) answered_.pop_front();
  waiting_.erase(there);
}

void publisher::on_error(const json& frame) {
  auto there = std::find_if(waiting_.begin(), waiting_.end(), [&frame](const pending& x) {
    return x.frame["message_id"] == frame.value("message_id", "");
  });
  bool again = is_passing(frame) || frame.value("reason", "") == "predecessor_missing";
  if (!again) fault("a publish was answered with " + frame.dump());
  if (there == waiting_.end()) return;
  if (!again) {
    waiting_.erase(there);
    return;
  }
  there->sent = false;
  there->not_before = context_.now() + 1000 * std::max(50, frame.value("retry_after_ms", 0));
}

} // namespace weir::test
