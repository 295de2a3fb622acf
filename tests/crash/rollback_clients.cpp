#include "tests/crash/rollback_clients.hpp"

#include <algorithm>

namespace weir::test {

namespace {

constexpr std::size_t in_flight = 8;
constexpr std::uint64_t pause_us = 3000;

} // namespace

rollback_publisher::rollback_publisher(run_context& context, std::string client_id, std::uint32_t seed)
  : resuming_client(context, std::move(client_id), seed) {}

void rollback_publisher::on_welcome(const json& welcome) {
  epoch_ = welcome.at("epoch");
  for (auto& x : waiting_) x.sent = false;
}

void rollback_publisher::turn() {
  auto now = context_.now();
  if (!context_.draining && now >= next_at_ && waiting_.size() < in_flight) {
    waiting_.push_back({"m" + std::to_string(++made_), false, 0});
    next_at_ = now + static_cast<moment>(random(pause_us));
  }
  for (auto& x : waiting_) {
    if (x.sent || x.not_before > now) continue;
    send({{"op", "publish"},
          {"type", "t." + client_id()},
          {"message_id", x.message_id},
          {"data", x.message_id}});
    x.sent = true;
  }
  idle_ = waiting_.empty();
}

void rollback_publisher::on_frame(const json& frame) {
  auto op = frame.value("op", "");
  if (op == "gap" && frame.value("reason", "") == "epoch") {
    epoch_ = frame.at("epoch");
    set_session(frame.value("session", session()));
    return;
  }
  if (!frame.contains("message_id")) {
    if (op == "error" && !is_passing(frame)) fault(frame.dump());
    return;
  }
  auto id = frame.at("message_id").get<std::string>();
  auto i = std::find_if(waiting_.begin(), waiting_.end(), [&](auto& x) { return x.message_id == id; });
  if (i == waiting_.end()) return;
  if (op == "ok") {
    acks_.push_back({epoch_, frame.at("seq"), client_id() + '/' + id});
    waiting_.erase(i);
    ++acked_;
    context_.progress();
  } else if (is_passing(frame)) {
    i->sent = false;
    i->not_before = context_.now() + 1000 * std::max(20, frame.value("retry_after_ms", 0) / 4);
  } else {
    fault("a publish was answered with " + frame.dump());
    waiting_.erase(i);
  }
}

rollback_subscriber::rollback_subscriber(run_context& context, std::string client_id, std::uint32_t seed,
                                         habits how)
  : resuming_client(context, client_id, seed, how.slow ? 4096 : ws_client::default_receive_buffer_bytes),
    how_(how) {
  record_.name = std::move(client_id);
}

void rollback_subscriber::on_welcome(const json& welcome) {
  auto recovered = welcome.value("recovered", false);
  if (epoch_.empty()) {
    epoch_ = welcome.at("epoch");
    newest_ = welcome.at("seq").get<std::uint64_t>();
  }
  record_.all.push_back({told::what::welcome, welcome.at("epoch"), welcome.at("seq"), 0, {}, {}, recovered});
  if (!recovered) answered_ = false;
  asked_ = false;
}

void rollback_subscriber::turn() {
  if (answered_ || asked_ || ask_at_ > context_.now()) return;
  send({{"op", "subscribe"}, {"id", "s"}, {"pattern", "t.>"}});
  asked_ = true;
}

void rollback_subscriber::on_frame(const json& frame) {
  auto op = frame.value("op", "");
  if (op == "event" && frame.contains("seq")) {
    newest_ = frame.at("seq").get<std::uint64_t>();
    record_.all.push_back({told::what::event, epoch_, newest_, 0, frame.at("event_id"), {}, false});
    context_.progress();
  } else if (op == "gap") {
    on_gap(frame);
  } else if (op == "ok") {
    answered_ = true;
    ready_ = true;
    record_.all.push_back({told::what::asked, epoch_, frame.at("seq"), 0, {}, {}, false});
  } else if (op == "error" && is_passing(frame)) {
    asked_ = false;
    ask_at_ = context_.now() + 50'000;
  } else if (op == "error") {
    fault(frame.dump());
  }
}

void rollback_subscriber::on_gap(const json& frame) {
  auto reason = frame.value("reason", "");
  if (reason == "ephemeral_dropped") return;
  auto to = frame.at("to").get<std::uint64_t>();
  if (reason == "epoch") {
    epoch_ = frame.at("epoch");
    newest_ = to;
    if (how_.says_epoch) set_session(frame.value("session", session()));
  } else {
    newest_ = std::max<std::uint64_t>(newest_, to);
  }
  record_.all.push_back({told::what::gap, epoch_, to, frame.at("from"), {}, reason, false});
}

} // namespace weir::test
