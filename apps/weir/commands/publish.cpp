#include "apps/weir/app.hpp"
#include "apps/weir/commands/protocol.hpp"

#include <nlohmann/json.hpp>

#include <iostream>

namespace weir {

int publish_command(const client_options& options, const std::string& type, const std::string& data) {
  auto id = random_word(12);
  nlohmann::json request = {{"op", "publish"}, {"type", type}, {"message_id", id}, {"data", as_data(data)}};
  client_session session;
  if (!session.open(options)) return exit_refused;
  session.send(request);
  nlohmann::json frame;
  std::string text;
  for (;;) {
    session.wait(frame, text);
    auto op = frame.value("op", "");
    if (op != "ok" && op != "error") continue;
    std::cout << text << std::endl;
    return op == "ok" ? exit_done : exit_refused;
  }
}

} // namespace weir
