#include "tests/integration/node_process.hpp"
#include "tests/paths.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weir::test {

namespace {

using namespace std::chrono_literals;

std::string make_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "weir-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("mkdtemp: " + std::string{strerror(errno)});
  return pattern;
}

std::string tail_of(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  auto all = text.str();
  return all.size() > 2000 ? all.substr(all.size() - 2000) : all;
}

[[noreturn]] void become(const std::vector<std::string>& args, int out, const std::string& folder,
                         std::uint64_t max_file_kib) {
  auto log = folder + "/node.log";
  setenv("WEIR_TEST_CLOCK_OFFSET_FILE", (folder + "/clock-offset").c_str(), 1);
  prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that is killed leaves no node behind
  auto err = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (max_file_kib > 0) {
    signal(SIGXFSZ, SIG_IGN); // stays so: writes fail instead
    rlimit bound{max_file_kib * 1024, max_file_kib * 1024};
    setrlimit(RLIMIT_FSIZE, &bound);
  }
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  std::vector<char*> argv;
  for (auto& x : args) argv.push_back(const_cast<char*>(x.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

} // namespace

std::string weir_binary() {
  if (auto* x = std::getenv("WEIR_BINARY")) return x;
  return WEIR_BINARY_PATH;
}

node_process::node_process(std::string config, std::vector<std::string> args, std::string binary)
  : folder_(make_folder()) {
  std::ofstream{folder_ + "/weir.json"} << config;
  own_data_ = config.find("\"data_dir\"") == std::string::npos;
  args_ = {binary.empty() ? weir_binary() : binary, "node", "--config", folder_ + "/weir.json"};
  args_.insert(args_.end(), args.begin(), args.end());
}

node_process::~node_process() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

/// Gives the end of the pipe that its standard output comes out of.
int node_process::launch() {
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("pipe: " + std::string{strerror(errno)});
  auto args = args_;
  args.insert(args.end(), {"--set", "listen.port=" + std::to_string(port_), "--set", "admin.port=0"});
  args.insert(args.end(), {"--set", "node.drain_ms=" + std::to_string(drain_ms_.count()), "--set",
                           "node.drain_spread_ms=" + std::to_string(drain_spread_ms_.count())});
  if (!cluster_address_.empty()) args.insert(args.end(), {"--set", "cluster.listen=" + cluster_address_});
  if (own_data_) args.insert(args.end(), {"--set", "node.data_dir=" + folder_ + "/data"});
  pid_ = fork();
  if (pid_ == 0) become(args, out[1], folder_, max_file_kib_);
  close(out[1]);
  return out[0];
}

void node_process::set_clock(std::chrono::milliseconds off) const {
  auto path = folder_ + "/clock-offset";
  std::ofstream{path + ".new"} << off.count();
  std::filesystem::rename(path + ".new", path);
}

void node_process::start() {
  auto out = launch();
  auto line = read_ready_line(out);
  close(out);
  if (line.empty()) {
    kill();
    throw std::runtime_error("the node does not get ready: " + tail_of(log_path()));
  }
  url_ = line;
  port_ = static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
}

void node_process::start_in_vain(std::chrono::milliseconds before_the_kill) {
  auto out = launch();
  std::this_thread::sleep_for(before_the_kill);
  kill();
  close(out);
}

std::string node_process::read_ready_line(int out) {
  std::string text;
  auto deadline = std::chrono::steady_clock::now() + 20s;
  while (std::chrono::steady_clock::now() < deadline) {
    pollfd waiting{out, POLLIN, 0};
    if (poll(&waiting, 1, 100) <= 0) continue;
    char buffer[512];
    auto n = read(out, buffer, sizeof buffer);
    if (n <= 0) return {}; // it has ended
    text.append(buffer, static_cast<std::size_t>(n));
    auto at = text.find("ready ");
    auto end = text.find('\n', at == std::string::npos ? 0 : at);
    if (at == std::string::npos || end == std::string::npos) continue;
    if (auto admin = text.find("admin "); admin < at)
      admin_url_ = text.substr(admin + 6, text.find('\n', admin) - admin - 6);
    if (auto cluster = text.find("cluster "); cluster < at)
      cluster_address_ = text.substr(cluster + 8, text.find('\n', cluster) - cluster - 8);
    return text.substr(at + 6, end - at - 6);
  }
  return {};
}

std::string node_process::admin_token() const {
  std::ifstream in(folder_ + "/data/admin.token");
  std::string out;
  std::getline(in, out);
  return out;
}

void node_process::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  wait_for_end();
}

int node_process::stop(std::chrono::seconds at_most) {
  if (pid_ <= 0) return -1;
  ::kill(pid_, SIGTERM);
  return await_end(at_most);
}

int node_process::await_end(std::chrono::seconds at_most) {
  if (pid_ <= 0) return -1;
  auto deadline = std::chrono::steady_clock::now() + at_most;
  while (std::chrono::steady_clock::now() < deadline) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    std::this_thread::sleep_for(10ms);
  }
  kill();
  throw std::runtime_error("the node does not stop: " + tail_of(log_path()));
}

void node_process::signal(int number) {
  if (pid_ <= 0) return;
  ::kill(pid_, number);
  siginfo_t ignored;
  if (number == SIGSTOP) waitid(P_PID, static_cast<id_t>(pid_), &ignored, WSTOPPED); // all of its threads
}

int node_process::wait_for_end() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

std::uint64_t node_process::memory_kib() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(in, line);)
    if (line.rfind("VmRSS:", 0) == 0) return std::stoull(line.substr(6));
  return 0;
}

std::uint64_t node_process::cpu_ms() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/stat");
  std::string text;
  std::getline(in, text);
  std::istringstream rest(text.substr(text.rfind(')') + 2));
  std::string field;
  std::uint64_t ticks = 0;
  for (int i = 3; i <= 15 && rest >> field; ++i)
    if (i >= 14) ticks += std::stoull(field);
  return ticks * 1000 / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
}

} // namespace weir::test
