#include "apps/weir/app.hpp"
#include "apps/weir/commands/protocol.hpp"
#include "apps/weir/commands/terminal.hpp"

#include <nlohmann/json.hpp>

namespace weir {

namespace {

nlohmann::json request_of(const call_arguments& what) {
  nlohmann::json out = {{"op", "call"},
                        {"target", what.target},
                        {"message_id", random_word(12)},
                        {"input", as_data(what.input)},
                        {"stream", what.stream}};
  if (what.timeout_ms > 0) out["timeout_ms"] = what.timeout_ms;
  if (!what.thread.empty()) out["thread"] = what.thread;
  if (!what.on_busy.empty()) out["on_busy"] = what.on_busy;
  if (!what.on_disconnect.empty()) out["on_disconnect"] = what.on_disconnect;
  return out;
}

/// By when a run that has begun must have ended. Without a time of its own only the node knows.
client_session::clock::time_point result_deadline(const client_session& session, const call_arguments& what) {
  if (what.timeout_ms == 0) return client_session::clock::time_point::max();
  return session.answer_deadline(ws_client::milliseconds{what.timeout_ms});
}

/// Prints what comes of a run until it is over. @param due gives by when, once the node has said `ok`.
int print_run(client_session& session, bool stream,
              const std::function<client_session::clock::time_point()>& due) {
  auto deadline = session.answer_deadline();
  nlohmann::json frame;
  std::string text;
  for (;;) {
    session.wait(frame, text, deadline);
    auto op = frame.value("op", "");
    if (op == "ok") deadline = due();
    if (op == "delta" && stream) print_line(printable_json(text));
    if (op != "result" && op != "error") continue;
    print_line(printable_json(text));
    // Anything that is an answer is done; what is none is not.
    auto status = frame.value("status", "failed");
    return op == "error" || status == "failed" || status == "cancelled" ? exit_refused : exit_done;
  }
}

} // namespace

int call_command(const client_options& options, const call_arguments& what) {
  auto request = request_of(what);
  client_session session;
  if (!session.open(options)) return exit_refused;
  session.send(request);
  return print_run(session, what.stream, [&] { return result_deadline(session, what); });
}

int watch_command(const client_options& options, const watch_arguments& what) {
  client_session session;
  if (!session.open(options)) return exit_refused;
  session.send({{"op", "watch"}, {"run_id", what.run_id}, {"at", what.at}});
  return print_run(session, true, [] { return client_session::clock::time_point::max(); });
}

} // namespace weir
