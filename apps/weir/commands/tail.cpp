#include "apps/weir/app.hpp"
#include "apps/weir/commands/protocol.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <iostream>

namespace weir {

namespace {

volatile std::sig_atomic_t told_to_stop = 0;

void stop(int) { told_to_stop = 1; }

constexpr ws_client::milliseconds step{200}; // how soon a ctrl-c is noticed

} // namespace

int tail_command(const client_options& options, const std::string& pattern) {
  client_session session;
  if (!session.open(options)) return exit_refused;
  std::signal(SIGINT, stop);
  std::signal(SIGTERM, stop);
  session.send({{"op", "subscribe"}, {"id", "tail"}, {"pattern", pattern}});
  nlohmann::json frame;
  std::string text;
  while (told_to_stop == 0) {
    if (!session.receive(frame, text, step)) continue;
    auto op = frame.value("op", "");
    // What is missing is told as well: a gap in silence would look like quiet.
    if (op == "event" || op == "gap" || op == "error") std::cout << text << std::endl;
    if (op == "error") return exit_refused;
  }
  return exit_done;
}

} // namespace weir
