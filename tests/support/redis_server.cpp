#include "tests/support/redis_server.hpp"

#include "actors/store/redis/redis_connection.hpp"
#include "tests/support/quiet_port.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weir::test {

namespace {

using namespace std::chrono_literals;
using clock = redis_connection::clock;

[[noreturn]] void become(const std::vector<std::string>& args, const std::string& log) {
  prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that is killed leaves no server behind
  auto out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  std::vector<char*> argv;
  for (auto& x : args) argv.push_back(const_cast<char*>(x.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

std::string text_of_file(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream{path}.rdbuf();
  return out.str();
}

} // namespace

redis_server::redis_server(std::vector<std::string> args) : args_(std::move(args)) {
  std::signal(SIGPIPE, SIG_IGN); // as a node does
  auto pattern = (std::filesystem::temp_directory_path() / "weir-redis-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = pattern;
  start();
}

redis_server::~redis_server() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void redis_server::start() {
  bool again = port_ != 0;
  for (int i = 0; i < 5; ++i) { // another may take the port before it does
    if (!again) port_ = quiet_port();
    if (launch()) return;
  }
  throw std::runtime_error("redis-server does not start: " + text_of_file(folder_ + "/log"));
}

bool redis_server::launch() {
  std::vector<std::string> args = {
      "redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1",     "--dir", folder_,
      "--save",       "",       "--appendonly",        "yes",    "--appendfsync", "always"};
  args.insert(args.end(), args_.begin(), args_.end());
  pid_ = fork();
  if (pid_ == 0) become(args, folder_ + "/log");
  for (auto until = clock::now() + 20s; clock::now() < until; std::this_thread::sleep_for(5ms)) {
    if (waitpid(pid_, nullptr, WNOHANG) != 0) {
      pid_ = -1;
      return false;
    }
    // One of another test may have come to the port first.
    auto said = ask("INFO server");
    bool ours = said.find("process_id:" + std::to_string(pid_) + '\r') != std::string::npos;
    if (ours && ask("PING") == "PONG") return true; // before, it is reading its file
    if (said.compare(0, 6, "NOAUTH") == 0) return true;
  }
  return false;
}

void redis_server::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void redis_server::pause(bool on) { ::kill(pid_, on ? SIGSTOP : SIGCONT); }

std::string redis_server::ask(const std::string& command) const {
  try {
    redis_connection to{{"127.0.0.1", port_}, clock::now() + 5s};
    redis_command what;
    std::istringstream words{command};
    for (std::string word; words >> word;) what.add(word);
    auto reply = to.ask(what, clock::now() + 5s);
    auto x = reply.value();
    return x.text().empty() && !x.is_array() && !x.is_nil() ? std::to_string(x.number())
                                                            : std::string{x.text()};
  } catch (const redis_error& error) {
    return error.message;
  }
}

redis_server& empty_redis() {
  static redis_server one;
  one.ask("FLUSHALL");
  return one;
}

} // namespace weir::test
