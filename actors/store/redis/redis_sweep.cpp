#include "actors/store/redis/redis_sweep.hpp"

namespace weir {

namespace {

constexpr std::uint64_t names_at_once = 64;

} // namespace

std::uint64_t redis_sweep::run(std::map<std::string, std::int64_t>& due, std::int64_t now_ms,
                               std::uint64_t max) {
  mark(due);
  std::uint64_t done = 0;
  while (done < max) {
    auto reply =
        with_.ask(redis_command{"ZRANGEBYSCORE", keys_.due(), "-inf", now_ms, "LIMIT", "0", names_at_once});
    auto names = reply.checked();
    if (names.size() == 0) break;
    for (std::size_t i = 0; i < names.size() && done < max; ++i)
      done += sweep(std::string{names.at(i).text()}, now_ms, max - done);
  }
  return done;
}

void redis_sweep::mark(std::map<std::string, std::int64_t>& due) {
  if (due.empty()) return;
  redis_command call{"ZADD", keys_.due(), "LT"};
  for (auto& [ns, when] : due) call.add(when).add(ns);
  with_.ask(call).checked();
  due.clear();
}

/// The mark goes first and comes back with what is left: a write in between then has marked it itself.
std::uint64_t redis_sweep::sweep(const std::string& ns, std::int64_t now_ms, std::uint64_t max) {
  with_.connection.send(redis_command{"ZREM", keys_.due(), ns});
  auto call = with_.link.call(redis_script::sweep, 6);
  for (auto* part : {"state", "log", "ids", "keys", "names", "expiry"}) call.add(keys_.of(ns, part));
  with_.connection.send(call.add(now_ms).add(max));
  with_.connection.receive(with_.deadline);
  auto reply = with_.connection.receive(with_.deadline);
  auto x = reply.checked();
  auto next = x.at(1).text();
  if (!next.empty()) with_.ask(redis_command{"ZADD", keys_.due(), "LT", next, ns}).checked();
  return x.at(0).number();
}

} // namespace weir
