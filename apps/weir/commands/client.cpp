#include "apps/weir/commands/client.hpp"

#include "apps/weir/app.hpp"

#include <nlohmann/json.hpp>

#include <iostream>
#include <random>

namespace weir {

namespace {

using nlohmann::json;

constexpr ws_client::milliseconds step{500}; // how often a wait looks whether the connection is still there

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
  auto out = json::parse(text, nullptr, false);
  if (out.is_discarded()) out = text;
  try {
    out.dump();
  } catch (const json::type_error&) {
    throw std::invalid_argument{"the text is not UTF-8"};
  }
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  for (char c : text)
    if (c == '\n' || c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) out += c;
  return out;
}

bool client_session::open(const client_options& options) {
  client_.connect(options.url);
  auto id = options.client_id.empty() ? "cli-" + random_word(6) : options.client_id;
  auto answer = client_.hello(options.ns, id);
  if (answer.value("op", "") == "welcome") return true;
  std::cout << answer.dump() << std::endl;
  return false;
}

void client_session::send(const json& frame) { client_.send(frame.dump()); }

bool client_session::receive(json& frame, std::string& text, ws_client::milliseconds timeout) {
  auto got = client_.receive(timeout);
  if (!got && !client_.is_open()) {
    auto why = client_.close_reason().empty() ? "" : ": " + client_.close_reason();
    throw ws_error{"the node closed the connection (" + std::to_string(client_.close_code()) + why + ")"};
  }
  if (!got) return false;
  text = std::move(*got);
  frame = json::parse(text, nullptr, false);
  if (!frame.is_object()) throw ws_error{"the node sent what is not a frame"};
  return true;
}

void client_session::wait(json& frame, std::string& text) {
  while (!receive(frame, text, step)) {
  }
}

void client_session::idle() {
  json frame;
  std::string text;
  while (receive(frame, text, ws_client::milliseconds{0})) {
  }
}

int guarded(const std::function<int()>& command) {
  try {
    return command();
  } catch (const ws_error& error) {
    std::cerr << "weir: " << error.what() << '\n';
    return exit_refused;
  } catch (const std::invalid_argument& error) {
    std::cerr << "weir: " << error.what() << '\n';
    return exit_usage;
  } catch (const json::exception&) {
    std::cerr << "weir: an argument is not UTF-8, or the node sent a field of another type\n";
    return exit_refused;
  }
}

} // namespace weir
