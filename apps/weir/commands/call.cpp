#include "apps/weir/app.hpp"
#include "apps/weir/commands/protocol.hpp"

#include <nlohmann/json.hpp>

#include <iostream>

namespace weir {

namespace {

nlohmann::json request_of(const call_arguments& what) {
  nlohmann::json out = {{"op", "call"},
                        {"target", what.target},
                        {"message_id", random_word(12)},
                        {"input", as_data(what.input)},
                        {"stream", what.stream}};
  if (what.timeout_ms > 0) out["timeout_ms"] = what.timeout_ms;
  return out;
}

/// By when a run that has begun must have ended. Without a time of its own only the node knows.
client_session::clock::time_point result_deadline(const client_session& session, const call_arguments& what) {
  if (what.timeout_ms == 0) return client_session::clock::time_point::max();
  return session.answer_deadline(ws_client::milliseconds{what.timeout_ms});
}

} // namespace

int call_command(const client_options& options, const call_arguments& what) {
  auto request = request_of(what);
  client_session session;
  if (!session.open(options)) return exit_refused;
  session.send(request);
  auto deadline = session.answer_deadline();
  nlohmann::json frame;
  std::string text;
  for (;;) {
    session.wait(frame, text, deadline);
    auto op = frame.value("op", "");
    if (op == "ok") deadline = result_deadline(session, what);
    if (op == "delta" && what.stream) std::cout << text << std::endl;
    if (op != "result" && op != "error") continue;
    std::cout << text << std::endl;
    // Anything that is an answer is done; what is none is not.
    auto status = frame.value("status", "failed");
    return op == "error" || status == "failed" || status == "cancelled" ? exit_refused : exit_done;
  }
}

} // namespace weir
