#include "apps/weir/app.hpp"
#include "apps/weir/commands/protocol.hpp"
#include "apps/weir/commands/terminal.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <iostream>

namespace weir {

namespace {

using clock = client_session::clock;

volatile std::sig_atomic_t told_to_stop = 0;

void stop(int) { told_to_stop = 1; }

constexpr ws_client::milliseconds step{100}; // how soon a ctrl-c is noticed

nlohmann::json request_of(const tail_arguments& what) {
  nlohmann::json out = {{"op", "subscribe"}, {"id", "tail"}, {"pattern", what.pattern}};
  if (what.from > 0) out["from"] = what.from;
  return out;
}

/// How long to wait for the next frame; nothing is left of the time when it is zero.
ws_client::milliseconds next_wait(clock::time_point ends) {
  auto left = std::chrono::ceil<ws_client::milliseconds>(ends - clock::now());
  return std::clamp(left, ws_client::milliseconds{0}, step);
}

int out_of_time(const tail_arguments& what, std::uint64_t seen) {
  if (what.count == 0) return exit_done; // it was told to end then
  std::cerr << "weir: " << seen << " of " << what.count << " events came within " << what.timeout_ms
            << " ms\n";
  return exit_refused;
}

} // namespace

int tail_command(const client_options& options, const tail_arguments& what) {
  client_session session;
  if (!session.open(options)) return exit_refused;
  std::signal(SIGINT, stop);
  std::signal(SIGTERM, stop);
  session.send(request_of(what));
  auto ends = what.timeout_ms == 0 ? clock::time_point::max()
                                   : clock::now() + ws_client::milliseconds{what.timeout_ms};
  auto answer_due = session.answer_deadline();
  nlohmann::json frame;
  std::string text;
  std::uint64_t seen = 0;
  while (told_to_stop == 0) {
    auto wait = next_wait(ends);
    if (!session.receive(frame, text, wait)) {
      if (wait.count() == 0) return out_of_time(what, seen);
      if (clock::now() >= answer_due) throw ws_error{"the node did not answer in time"};
      continue;
    }
    auto op = frame.value("op", "");
    if (op == "ok") answer_due = clock::time_point::max();
    // What is missing is told as well: a gap in silence would look like quiet.
    if (op == "event" || op == "gap" || op == "error") print_line(printable_json(text));
    if (op == "error") return exit_refused;
    if (op == "event" && ++seen == what.count) return exit_done;
  }
  return exit_done;
}

} // namespace weir
