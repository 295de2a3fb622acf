// Agents that are programs of other languages: the examples, as they are, with a real node.
#include "tests/integration/client.hpp"
#include "tests/paths.hpp"

#include <array>
#include <csignal>
#include <cstdlib>

#include <catch2/generators/catch_generators.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace weir;
using namespace weir::test;

namespace {

/// A program that serves a node's calls, until it is killed.
class worker_process {
public:
  worker_process(const std::string& interpreter, const std::string& script, const node_process& node) {
    auto path = std::string{WEIR_SOURCE_DIR "/apps/examples/"} + script;
    auto port = std::to_string(node.port());
    std::array<int, 2> out{};
    REQUIRE(pipe2(out.data(), O_CLOEXEC) == 0);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(out[1], STDOUT_FILENO);
      execlp(interpreter.c_str(), interpreter.c_str(), path.c_str(), "127.0.0.1", port.c_str(), "demo",
             "shouter", nullptr);
      _exit(127);
    }
    close(out[1]);
    out_ = out[0];
  }

  ~worker_process() {
    kill();
    close(out_);
  }

  worker_process(const worker_process&) = delete;
  worker_process& operator=(const worker_process&) = delete;

  /// Waits until it says that it takes calls.
  bool is_ready() const {
    pollfd wait{out_, POLLIN, 0};
    std::array<char, 5> word{};
    return poll(&wait, 1, 20'000) == 1 && read(out_, word.data(), word.size()) == 5
           && std::string(word.data(), 5) == "ready";
  }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(std::exchange(pid_, 0), nullptr, 0);
  }

private:
  pid_t pid_ = 0;
  int out_ = -1;
};

struct language {
  const char* interpreter;
  const char* script;
};

constexpr language languages[] = {{"python3", "external_agent.py"}, {"node", "external_agent.mjs"}};

bool is_missing(const language& x) {
  auto command = std::string{x.interpreter} + " --version > /dev/null 2>&1";
  return std::system(command.c_str()) != 0;
}

constexpr const char* with_shouter = R"({"agents":{"shouter":{"kind":"external"}},
                                         "namespaces":{"demo":{"agents":["shouter"]}}})";

json call_of(const std::string& id, const std::string& input) {
  return {{"op", "call"}, {"target", "shouter"}, {"message_id", id}, {"input", input}, {"stream", true}};
}

/// Follows a run to its result, and checks that its deltas join without overlap or hole (ASCII).
json follow(client& who, std::string& text) {
  for (;;) {
    auto x = who.await([](const json& y) { return y["op"] == "delta" || y["op"] == "result"; }, 20s);
    if (x.is_null() || x["op"] == "result") return x;
    CHECK(x["at"] == text.size());
    text += x["text"].get<std::string>();
  }
}

} // namespace

TEST_CASE("a program of another language answers calls as an agent", "[external]") {
  auto with = GENERATE(from_range(languages));
  if (is_missing(with)) SKIP(with.interpreter << " is not installed");
  node_process node(with_shouter);
  node.start();
  worker_process worker(with.interpreter, with.script, node);
  REQUIRE(worker.is_ready());
  client alice(node, "alice");
  CHECK(alice.ask(call_of("c1", "a low wall"))["op"] == "ok");
  std::string text;
  auto result = follow(alice, text);
  CHECK(text == "A LOW WALL ");
  CHECK(result["status"] == "complete");
  CHECK(result["output"] == json{{"text", text}});
  alice.send(call_of("c2", "one after the other"));
  text = {};
  CHECK(follow(alice, text)["output"] == json{{"text", "ONE AFTER THE OTHER "}});
}

TEST_CASE("a call goes on when the program that answers it is killed", "[external]") {
  auto with = GENERATE(from_range(languages));
  if (is_missing(with)) SKIP(with.interpreter << " is not installed");
  node_process node(with_shouter);
  node.start();
  worker_process first(with.interpreter, with.script, node);
  REQUIRE(first.is_ready());
  client alice(node, "alice");
  std::string input, expected;
  for (int i = 0; i < 100; ++i) {
    input += "w" + std::to_string(i) + ' ';
    expected += "W" + std::to_string(i) + ' ';
  }
  alice.send(call_of("c1", input));
  auto begun = alice.await("delta");
  worker_process second(with.interpreter, with.script, node);
  REQUIRE(second.is_ready());
  first.kill();
  std::string text = begun["text"];
  auto result = follow(alice, text);
  CHECK(result["status"] == "complete");
  CHECK(text == expected + ' ');
  CHECK(result["output"] == json{{"text", text}});
}
