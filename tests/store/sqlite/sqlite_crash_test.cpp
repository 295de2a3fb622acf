#include "tests/store/store_kinds.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

using namespace weir;
using namespace weir::test;

namespace {

/// Appends and acknowledges until it is killed: after each commit the new head goes into the pipe.
[[noreturn]] void write_for_ever(const std::string& path, int acks, durability keep) {
  auto opened = open_sqlite_store({.path = path, .wal_bytes = 512 * 1024}); // with many checkpoints
  if (std::holds_alternative<refusal>(opened)) _exit(1);
  auto& x = *std::get<0>(opened);
  auto head = std::get<log_state>(x.state_of_log("demo")).head;
  for (std::uint64_t n = 1;; n = n % 40 + 1) {
    auto end = std::to_string(head + n);
    store_batch batch{1, keep, {}};
    batch.writes.push_back({key_put{"demo", "head", end, 0, {}}, {}});
    batch.writes.push_back({append("demo", head + 1, head + n), {}});
    if (head > 1000) batch.writes.push_back({log_trim{"demo", head - 1000}, {}});
    if (x.write(batch, 0).no.refused()) _exit(2);
    head += n;
    if (::write(acks, &head, sizeof(head)) != sizeof(head)) _exit(3);
  }
}

/// Lets a child write until it has acknowledged so often, kills it, and gives the last head it acknowledged.
std::uint64_t kill_after(int commits, const std::string& path, durability keep) {
  int acks[2];
  REQUIRE(pipe(acks) == 0);
  auto child = fork();
  if (child == 0) write_for_ever(path, acks[1], keep);
  close(acks[1]);
  std::uint64_t head = 0, next = 0;
  while (::read(acks[0], &next, sizeof(next)) == sizeof(next)) {
    head = next;
    if (--commits == 0) kill(child, SIGKILL);
  }
  close(acks[0]);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  return head;
}

} // namespace

TEST_CASE("what a killed process has acknowledged is there, whole and in order") {
  std::mt19937 rng{42};
  temp_folder folder;
  auto path = folder.file("weir.db");
  for (int round = 0; round < 8; ++round) {
    auto keep = round % 4 == 3 ? durability::power : durability::process;
    auto acknowledged = kill_after(static_cast<int>(1 + rng() % 150), path, keep);
    auto x = must(open_sqlite_store({.path = path}));
    auto state = must(x->state_of_log("demo"));
    INFO("round " << round);
    CHECK(state.head >= acknowledged);
    CHECK(must(x->get("demo", "head", 0))->value == std::to_string(state.head));
    auto expected = state.first_kept;
    for (std::uint64_t at = 0; at < state.head;) {
      auto out = must(x->read_log("demo", all_after(at)));
      for (auto& r : out.records) {
        REQUIRE(r.what->seq == expected++);
        REQUIRE(r.what->data == record(r.what->seq).what->data);
      }
      at = out.read_to;
    }
    CHECK(expected == state.head + 1);
    CHECK(must(x->find_event("demo", "alice", "m" + std::to_string(state.head)))->seq == state.head);
  }
}
