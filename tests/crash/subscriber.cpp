#include "tests/crash/subscriber.hpp"

#include <algorithm>
#include <stdexcept>

namespace weir::test {

subscriber::subscriber(run_context& context, std::string client_id, std::uint32_t seed, habits how)
  : resuming_client(context, std::move(client_id), seed,
                    how.slow ? 4096 : ws_client::default_receive_buffer_bytes),
    how_(std::move(how)) {
  begin_session();
}

void subscriber::begin_session() {
  current_ = {};
  current_.name = client_id() + '#' + std::to_string(past_.size());
  asked_.assign(how_.wishes.size(), {});
  last_seq_ = 0;
  for (auto& x : how_.wishes) current_.subscriptions.push_back({x.pattern, UINT64_MAX, UINT64_MAX});
}

bool subscriber::has_answers() const {
  return std::any_of(asked_.begin(), asked_.end(), [](const asked& x) { return x.answered; });
}

void subscriber::on_welcome(const json& welcome) {
  welcome_seq_ = welcome.at("seq");
  bool first = current_.welcomes.empty();
  bool recovered = welcome.value("recovered", false);
  current_.welcomes.push_back(
      {welcome.at("epoch"), welcome_seq_, last_seq_, has_answers(), recovered, context_.now()});
  if (first && !how_.wishes.front().from_the_start) last_seq_ = welcome_seq_; // nothing older is for it
  if (first) leave_at_ = context_.now() + 500'000 + static_cast<moment>(random(3'000'000));
  for (auto& x : asked_) {
    x.sent = false;
    if (!recovered && !x.answered) x.times = 0;
  }
}

void subscriber::turn() {
  auto now = context_.now();
  for (std::size_t i = 0; i < asked_.size(); ++i)
    if (!asked_[i].answered && !asked_[i].sent && asked_[i].not_before <= now) ask(i);
  if (how_.visits && !context_.draining && now > leave_at_ && has_answers()) end_visit();
}

void subscriber::ask(std::size_t number) {
  auto& what = how_.wishes[number];
  auto& place = current_.subscriptions[number];
  if (place.maybe_after == UINT64_MAX) place.maybe_after = what.from_the_start ? 0 : welcome_seq_;
  json frame = {{"op", "subscribe"}, {"id", "s" + std::to_string(number)}, {"pattern", what.pattern}};
  if (what.from_the_start) frame["from"] = 1;
  if (!what.queue.empty()) {
    frame["queue"] = what.queue;
    frame["ack"] = true;
  }
  asked_[number].sent = true;
  ++asked_[number].times;
  send(frame);
}

void subscriber::on_frame(const json& frame) {
  auto op = frame.value("op", "");
  if (op == "event" && !frame.contains("seq")) return; // who comes and goes: no promise is made of that
  if (op == "event") {
    next_read_ = context_.now() + 1'000'000;
    context_.progress();
    on_event(frame);
    last_seq_ = std::max(last_seq_, frame.at("seq").get<std::uint64_t>());
  } else if (op == "ok") {
    on_ok(frame);
  } else if (op == "error") {
    on_error(frame);
  } else if (op == "gap") {
    current_.gaps.push_back({frame.value("from", std::uint64_t{0}), frame.value("to", std::uint64_t{0}),
                             frame.value("reason", "")});
  } else if (op == "lagging") {
    ++lagging_;
  }
}

void subscriber::on_event(const json& frame) {
  current_.events.push_back(
      {frame.value("seq", std::uint64_t{0}), frame.at("event_id"), content_of(frame), context_.now()});
}

std::size_t subscriber::number_of(const json& frame) const {
  auto id = frame.value("id", "");
  for (std::size_t i = 0; i < asked_.size(); ++i)
    if (id == "s" + std::to_string(i)) return i;
  throw std::runtime_error("an answer to what was not asked: " + frame.dump());
}

void subscriber::on_ok(const json& frame) { settle(number_of(frame), frame.at("seq")); }

void subscriber::on_error(const json& frame) {
  if (!frame.contains("id") && is_passing(frame)) return; // of its session: the connection ends
  auto number = number_of(frame);
  auto code = frame.value("code", 0);
  if (is_passing(frame)) {
    asked_[number].sent = false;
    asked_[number].not_before = context_.now() + 1000 * std::max(50, frame.value("retry_after_ms", 0));
  } else if (asked_[number].times > 1 && (code == 400 || code == 409)) {
    settle(number, welcome_seq_); // the first one had arrived, and the session has brought it back
  } else {
    fault("a subscribe was answered with " + frame.dump());
  }
}

void subscriber::settle(std::size_t number, std::uint64_t after) {
  current_.subscriptions[number].after = how_.wishes[number].from_the_start ? 0 : after;
  asked_[number].answered = true;
  ready_ = ready_ || std::all_of(asked_.begin(), asked_.end(), [](const asked& x) { return x.answered; });
}

void subscriber::end_visit() {
  leave();
  current_.to_the_end = false;
  past_.push_back(std::move(current_));
  begin_session();
}

bool subscriber::is_reading() const {
  return !how_.slow || context_.draining || context_.now() >= next_read_;
}

std::vector<session_record> subscriber::records() const {
  auto out = past_;
  out.push_back(current_);
  return out;
}

worker::worker(run_context& context, std::string client_id, std::uint32_t seed, const std::string& pattern)
  : subscriber(context, std::move(client_id), seed, {{{pattern, false, "workers"}}, false, false}) {}

void worker::on_event(const json& frame) {
  auto event_id = frame.at("event_id").get<std::string>();
  jobs_.push_back({client_id(), event_id, context_.now(), false, connection_began(), 0});
  if (random(10) == 0) return send({{"op", "nack"}, {"event_id", event_id}, {"delay_ms", random(50)}});
  send({{"op", "ack"}, {"event_id", event_id}});
  jobs_.back().acked = true;
}

void worker::on_lost(moment at) {
  for (; of_this_connection_ < jobs_.size(); ++of_this_connection_)
    jobs_[of_this_connection_].connection_cut = std::max<moment>(at, 1);
}

} // namespace weir::test
