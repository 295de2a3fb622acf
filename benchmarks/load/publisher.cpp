#include "benchmarks/load/publisher.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include <poll.h>

namespace weir::bench {

namespace {

constexpr std::size_t id_digits = 16;
constexpr int answer_timeout_ms = 20'000;

} // namespace

publisher::publisher(const config& settings) {
  auto before_id = std::string{R"({"op":"publish","type":"chat.room1.message","message_id":")"};
  auto text = before_id + std::string(id_digits, '0') + R"(","data":{"text":")"
              + std::string(settings.text_bytes, 'x') + R"("}})";
  frame_ = make_frame(text);
  id_at_ = text_offset(text.size()) + before_id.size();
  auto count = std::min(settings.sockets, settings.in_flight);
  for (std::size_t i = 0; i < count; ++i) {
    auto window = settings.in_flight / count + (i < settings.in_flight % count ? 1 : 0);
    lanes_.push_back({raw_ws{settings.port}, window, std::vector<std::int64_t>(window)});
    lanes_.back().socket.hello(settings.client_id + "-" + std::to_string(i));
  }
}

std::int64_t publisher::now_us() {
  auto now = clock_type::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

double publisher::publish(std::uint64_t events, latencies& times) {
  auto begin = clock_type::now();
  std::uint64_t sent = 0, answered = 0;
  auto send_up_to = [&](lane& to, std::uint64_t count) {
    count = std::min(count, events - sent);
    send(to, count);
    sent += count;
  };
  std::vector<pollfd> waiting;
  for (auto& x : lanes_) {
    send_up_to(x, x.window);
    waiting.push_back({x.socket.fd(), POLLIN, 0});
  }
  while (answered < events) {
    if (poll(waiting.data(), waiting.size(), answer_timeout_ms) <= 0)
      throw std::runtime_error("no answer in time");
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      auto n = take_answers(lanes_[i], times);
      answered += n;
      send_up_to(lanes_[i], n);
    }
  }
  return std::chrono::duration<double>(clock_type::now() - begin).count();
}

void publisher::send(lane& to, std::uint64_t count) {
  if (count == 0) return;
  out_.clear();
  auto now = now_us();
  for (std::uint64_t i = 0; i < count; ++i) {
    auto id = to.next_id++;
    for (auto at = id_at_ + id_digits; id > 0; id /= 10) frame_[--at] = static_cast<char>('0' + id % 10);
    out_ += frame_;
    to.due_us[to.sent++ % to.window] = now;
  }
  to.socket.send(out_);
}

std::uint64_t publisher::take_answers(lane& from, latencies& times) {
  if (!from.socket.fill()) return 0;
  auto now = now_us();
  std::uint64_t count = 0;
  while (auto text = from.socket.next()) {
    if (!is_ok(*text)) continue;
    times.add(now - from.due_us[from.answered++ % from.window]);
    ++count;
  }
  return count;
}

bool publisher::is_ok(std::string_view text) {
  if (text.substr(0, 13) == R"({"op":"error")") throw std::runtime_error("refused: " + std::string{text});
  if (text.substr(0, 10) != R"({"op":"ok")") return false;
  constexpr std::string_view field = R"("seq":)";
  auto at = text.rfind(field);
  if (at == std::string_view::npos) throw std::runtime_error("no seq: " + std::string{text});
  std::from_chars(text.data() + at + field.size(), text.data() + text.size(), last_seq_);
  return true;
}

std::string unlimited(const std::string& durability, const std::string& more) {
  return R"({"limits":{"publish_per_s":1000000,"burst":1000000,"relay_credit":100000,)" + more
         + R"("kept_bytes":1000000000000},"namespaces":{"demo":{"durability":")" + durability + R"("}}})";
}

} // namespace weir::bench
