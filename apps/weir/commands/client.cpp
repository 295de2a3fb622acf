#include "apps/weir/commands/client.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/utf8.hpp"
#include "apps/weir/app.hpp"
#include "apps/weir/commands/terminal.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

namespace weir {

namespace {

using nlohmann::json;

constexpr ws_client::milliseconds max_step{500}; // how often a wait looks whether the node is still there
constexpr ws_client::milliseconds retry_step{50};

} // namespace

std::string random_word(std::size_t length) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device source;
  std::uniform_int_distribution<std::size_t> pick{0, letters.size() - 1};
  std::string out;
  while (out.size() < length) out += letters[pick(source)];
  return out;
}

json as_data(const std::string& text) {
  if (!utf8::is_well_formed(text)) throw std::invalid_argument{"the text is not UTF-8"};
  auto out = json::parse(text, nullptr, false);
  return out.is_discarded() ? json(text) : out;
}

bool client_session::open(const client_options& options) {
  node_timeout_ = ws_client::milliseconds{options.node_timeout_ms};
  until_listening([&] { client_.connect(options.url, node_timeout_); });
  client_.set_send_timeout(node_timeout_);
  auto id = options.client_id.empty() ? "cli-" + random_word(6) : options.client_id;
  auto* token = std::getenv("WEIR_TOKEN");
  auto answer = client_.hello(options.ns, id, node_timeout_, token != nullptr ? token : "");
  heard_at_ = clock::now();
  if (answer.value("op", "") == "welcome") return true;
  print_line(printable_json(print_json(answer)));
  return false;
}

void client_session::send(const json& frame) { client_.send(print_json(frame)); }

bool client_session::receive(json& frame, std::string& text, ws_client::milliseconds timeout) {
  auto got = client_.receive(timeout);
  if (!got && !client_.is_open()) {
    auto why = client_.close_reason().empty() ? "" : ": " + client_.close_reason();
    throw ws_error{"the node closed the connection (" + std::to_string(client_.close_code()) + why + ")"};
  }
  check_alive(got.has_value());
  if (!got) return false;
  text = std::move(*got);
  frame = json::parse(text, nullptr, false);
  if (!frame.is_object()) throw ws_error{"the node sent what is not a frame"};
  return true;
}

void client_session::wait(json& frame, std::string& text, clock::time_point deadline) {
  auto step = std::min(max_step, node_timeout_ / 4 + ws_client::milliseconds{1});
  for (;;) {
    auto left = deadline - clock::now();
    if (left <= clock::duration::zero()) throw ws_error{"the node did not answer in time"};
    if (receive(frame, text, std::min(step, std::chrono::ceil<ws_client::milliseconds>(left)))) return;
  }
}

client_session::clock::time_point client_session::answer_deadline(ws_client::milliseconds allowed) const {
  return clock::now() + node_timeout_ + allowed;
}

void client_session::check_alive(bool heard) {
  auto now = clock::now();
  if (heard || client_.pongs() != pongs_) {
    pongs_ = client_.pongs();
    heard_at_ = now;
    pinged_at_.reset();
  } else if (!pinged_at_ && now - heard_at_ >= node_timeout_ / 2) {
    client_.ping();
    pinged_at_ = clock::now();
  } else if (pinged_at_ && now - *pinged_at_ >= node_timeout_ / 2) {
    throw ws_error{"the node has stopped answering: nothing from it for "
                   + std::to_string(node_timeout_.count()) + " ms"};
  }
}

void client_session::idle() {
  json frame;
  std::string text;
  while (receive(frame, text, ws_client::milliseconds{0})) {
  }
}

void until_listening(const std::function<void()>& connect) {
  auto deadline = client_session::clock::now() + client_session::start_patience;
  for (;;) {
    try {
      return connect();
    } catch (const connection_refused&) {
      if (client_session::clock::now() >= deadline) throw;
      std::this_thread::sleep_for(retry_step);
    }
  }
}

int guarded(const std::function<int()>& command) {
  try {
    auto status = command();
    check_output();
    return status;
  } catch (const ws_error& error) {
    std::cerr << "weir: " << error.what() << '\n';
    return exit_refused;
  } catch (const std::invalid_argument& error) {
    std::cerr << "weir: " << error.what() << '\n';
    return exit_usage;
  } catch (const json::exception&) {
    std::cerr << "weir: an argument is not UTF-8, or the node sent a field of another type\n";
    return exit_refused;
  } catch (const std::runtime_error& error) {
    std::cerr << "weir: " << error.what() << '\n';
    return exit_refused;
  }
}

} // namespace weir
