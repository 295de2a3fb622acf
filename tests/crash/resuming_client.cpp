#include "tests/crash/resuming_client.hpp"

#include <functional>
#include <thread>

namespace weir::test {

namespace {

using namespace std::chrono_literals;

constexpr auto answer_timeout = 15s; // a namespace whose owner is out of reach is waited for
constexpr auto patience = 5ms;

} // namespace

content_hash content_of(const json& frame) {
  auto text = frame.at("type").get<std::string>() + '\n' + frame.value("prev_event_id", "") + '\n'
              + frame.at("data").dump();
  return std::hash<std::string>{}(text);
}

resuming_client::resuming_client(run_context& context, std::string client_id, std::uint32_t seed,
                                 std::size_t receive_buffer_bytes)
  : context_(context), client_id_(std::move(client_id)), rng_(seed),
    receive_buffer_bytes_(receive_buffer_bytes), socket_(receive_buffer_bytes), target_(seed) {}

void resuming_client::run() {
  while (!context_.stopping) {
    if (!connected_ && (!is_present() || !connect())) {
      rest(30);
      continue;
    }
    try {
      talk();
    } catch (const ws_error&) { // it is over; what had come before is still there to be taken
    } catch (const std::exception& x) {
      fault(x.what());
    }
    if (!connected_) continue; // it has left
    if (cut_wanted_.exchange(false)) {
      auto at = context_.now();
      socket_.abort();
      lost(at);
    } else if (!socket_.is_open() && socket_.buffered() == 0) {
      lost(last_heard_);
    }
  }
  if (connected_) socket_.abort();
}

bool resuming_client::connect() {
  began_ = last_heard_ = context_.now();
  cut_wanted_ = false;
  try {
    socket_.connect(context_.urls[target_++ % context_.urls.size()]);
    connected_ = hello();
  } catch (const ws_error&) { // the node is down, or went down
    connected_ = false;
  }
  return connected_;
}

bool resuming_client::hello() {
  json frame = {{"op", "hello"}, {"namespace", context_.ns}, {"client_id", client_id_}};
  if (!session_.empty()) {
    frame["session"] = session_;
    frame["last_seq"] = last_seq();
    if (auto epoch = last_epoch(); !epoch.empty()) frame["epoch"] = epoch;
    ++resumes_;
  }
  send(frame);
  auto text = socket_.receive(answer_timeout);
  if (!text && socket_.is_open()) fault("no answer to a hello in 15 s");
  if (!text) return false;
  auto answer = json::parse(*text);
  if (answer["op"] == "welcome") {
    session_ = answer.value("session", "");
    last_heard_ = context_.now();
    on_welcome(answer);
    return true;
  }
  if (!is_passing(answer)) fault("a hello was answered with " + answer.dump());
  return false;
}

void resuming_client::talk() {
  if (socket_.is_open()) turn();
  if (!connected_) return;
  if (!is_reading()) return std::this_thread::sleep_for(patience);
  auto text = socket_.receive(patience);
  if (!text) return;
  last_heard_ = context_.now();
  on_frame(json::parse(*text));
}

void resuming_client::leave() {
  socket_.close();
  socket_ = ws_client{receive_buffer_bytes_}; // without what had come and was not taken
  lost(context_.now());
  session_.clear();
}

void resuming_client::lost(moment at) {
  connected_ = false;
  on_lost(at);
  rest(10);
}

bool resuming_client::is_passing(const json& error) {
  if (error.value("op", "") != "error") return false;
  auto code = error.value("code", 0);
  return code == 429 || code == 503 || error.value("retry_after_ms", 0) > 0;
}

void resuming_client::rest(std::uint64_t at_most_ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds{1 + random(at_most_ms)});
}

} // namespace weir::test
