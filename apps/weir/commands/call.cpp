#include "apps/weir/app.hpp"
#include "apps/weir/commands/protocol.hpp"

#include <nlohmann/json.hpp>

#include <iostream>

namespace weir {

int call_command(const client_options& options, const std::string& target, const std::string& input,
                 bool stream) {
  nlohmann::json request = {{"op", "call"},
                            {"target", target},
                            {"message_id", random_word(12)},
                            {"input", as_data(input)},
                            {"stream", stream}};
  client_session session;
  if (!session.open(options)) return exit_refused;
  session.send(request);
  nlohmann::json frame;
  std::string text;
  for (;;) {
    session.wait(frame, text);
    auto op = frame.value("op", "");
    if (op == "delta" && stream) std::cout << text << std::endl;
    if (op != "result" && op != "error") continue;
    std::cout << text << std::endl;
    // Anything that is an answer is done; what is none is not.
    auto status = frame.value("status", "failed");
    return op == "error" || status == "failed" || status == "cancelled" ? exit_refused : exit_done;
  }
}

} // namespace weir
