#include "apps/weir/app.hpp"
#include "apps/weir/commands/protocol.hpp"
#include "apps/weir/commands/terminal.hpp"

#include <nlohmann/json.hpp>

namespace weir {

namespace {

nlohmann::json request_of(const publish_arguments& what) {
  nlohmann::json out = {
      {"op", "publish"}, {"type", what.type}, {"message_id", random_word(12)}, {"data", as_data(what.data)}};
  if (!what.to.empty()) out["to"] = what.to;
  if (!what.prev_event_id.empty()) out["prev_event_id"] = what.prev_event_id;
  if (what.ephemeral) out["ephemeral"] = true;
  return out;
}

} // namespace

int publish_command(const client_options& options, const publish_arguments& what) {
  auto request = request_of(what);
  client_session session;
  if (!session.open(options)) return exit_refused;
  session.send(request);
  auto deadline = client_session::clock::now() + ws_client::milliseconds{what.timeout_ms};
  nlohmann::json frame;
  std::string text;
  for (;;) {
    session.wait(frame, text, deadline);
    auto op = frame.value("op", "");
    if (op != "ok" && op != "error") continue;
    print_line(printable_json(text));
    return op == "ok" ? exit_done : exit_refused;
  }
}

} // namespace weir
