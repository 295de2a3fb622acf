#include "actors/core/json_print.hpp"
#include "apps/weir/app.hpp"
#include "apps/weir/commands/line_reader.hpp"
#include "apps/weir/commands/protocol.hpp"
#include "apps/weir/commands/terminal.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <iostream>

namespace weir {

namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds idle_step{200}; // how often pings are answered while nobody types

/// What to print of an answer that was not streamed.
std::string text_of(const json& output) {
  if (output.is_string()) return output.get<std::string>();
  if (output.is_object() && output.contains("text") && output["text"].is_string())
    return output["text"].get<std::string>();
  return output.is_null() ? "" : print_json(output);
}

std::string reason_of(const json& error) {
  return std::to_string(error.value("code", 0)) + ' ' + error.value("reason", "") + ": "
         + error.value("message", "");
}

/// One line and its answer.
class exchange {
public:
  exchange(client_session& session, std::string agent) : session_(session), agent_(std::move(agent)) {}

  /// @returns false when the node said no.
  bool run(const std::string& line) {
    auto id = random_word(12);
    json input = repaired_utf8(line);
    session_.send(
        {{"op", "call"}, {"target", agent_}, {"message_id", id}, {"input", input}, {"stream", true}});
    auto deadline = session_.answer_deadline();
    json frame;
    std::string text, run_id;
    for (bool streamed = false;;) {
      // The answer to the call is due at once; how long the run takes only the node knows.
      session_.wait(frame, text, run_id.empty() ? deadline : client_session::clock::time_point::max());
      auto op = frame.value("op", "");
      if (op == "ok" && frame.contains("run_id")) run_id = frame.value("run_id", "");
      if (op == "error") return refused(frame);
      if (run_id.empty() || frame.value("run_id", "") != run_id) continue;
      if (op == "delta") {
        std::cout << printable(frame.value("text", ""));
        check_output();
        streamed = true;
      }
      if (op == "result") return ended(frame, streamed);
    }
  }

private:
  static bool refused(const json& error) {
    print_line('[' + printable(reason_of(error)) + ']');
    return false;
  }

  static bool ended(const json& result, bool streamed) {
    if (!streamed && result.contains("output")) std::cout << printable(text_of(result["output"]));
    auto status = result.value("status", "failed");
    if (status != "complete") {
      std::cout << " [" << printable(status);
      if (result.contains("error") && result["error"].is_object())
        std::cout << ", " << printable(reason_of(result["error"]));
      std::cout << ']';
    }
    print_line({});
    return status != "failed";
  }

  client_session& session_;
  std::string agent_;
};

void prompt(bool interactive) {
  if (interactive) std::cout << "> " << std::flush;
}

} // namespace

int chat_command(const client_options& options, const std::string& agent) {
  client_session session;
  if (!session.open(options)) return exit_refused;
  bool interactive = isatty(STDIN_FILENO) != 0;
  line_reader lines{STDIN_FILENO};
  exchange each{session, agent};
  std::string line;
  int status = exit_done;
  prompt(interactive);
  for (;;) {
    auto got = lines.next(line, idle_step);
    if (got == line_reader::got::end) break;
    if (got == line_reader::got::nothing_yet) {
      session.idle();
      continue;
    }
    if (!line.empty() && line.back() == '\r') line.pop_back(); // typed, or written, on Windows
    if (got == line_reader::got::too_long) std::cerr << "weir: that line is too long\n";
    if (got == line_reader::got::too_long || (!line.empty() && !each.run(line))) status = exit_refused;
    prompt(interactive);
  }
  if (interactive) print_line({});
  return status;
}

} // namespace weir
