#include "actors/store/redis/redis_group.hpp"

#include "actors/core/errors.hpp"

#include <algorithm>
#include <thread>

namespace weir {

namespace {

constexpr std::int64_t retry_after_ms = 1000;

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

/// Whether a script that was refused so has done nothing: it was stopped at its first write, or before.
bool is_clean(const redis_error& x) {
  std::string_view cause{x.cause};
  return cause == "full" || cause == "io" || cause == "locked" || starts_with(x.message, "STALE");
}

} // namespace

refusal redis_unavailable(const std::string& where, const redis_error& error) {
  return errors::unavailable("the store is out of reach, or refuses", retry_after_ms)
      .with_detail(where + ": " + error.message);
}

redis_group::redis_group(redis_link& link, const redis_keys& keys, redis_tails& tails,
                         std::span<const store_batch* const> batches, std::uint64_t number,
                         std::int64_t now_ms)
  : link_(link), keys_(keys), now_ms_(now_ms) {
  entries_.reserve(batches.size());
  for (auto* x : batches) entries_.push_back({x, redis_batch{*x, keys, tails, number, entries_.size() + 1}});
}

group_result redis_group::run(std::chrono::milliseconds timeout, due_times& due, const std::string& where) {
  where_ = where;
  timeout_ = timeout;
  deadline_ = redis_link::clock::now() + timeout;
  redis_error lost{"", ""};
  while (!is_done()) {
    try {
      attempt(due);
    } catch (const redis_error& error) {
      link_.drop();
      lost = error;
      if (!sent_ || !wait_for_retry()) break;
    }
  }
  if (!is_done()) cause_ = lost.cause;
  if (!sent_ && !is_done()) return {redis_unavailable(where_, lost), cause_, {}};
  group_result out;
  for (auto& x : entries_) {
    if (!x.results) refuse(x, lost, true);
    out.batches.push_back(std::move(*x.results));
  }
  out.cause = cause_;
  return out;
}

/// Sends all that has no answer, and takes what comes.
void redis_group::attempt(due_times& due) {
  auto& with = link_.connected(deadline_);
  if (std::exchange(scripts_lost_, false)) link_.load_scripts(deadline_);
  refuse_power();
  auto marks = due;
  for (auto& x : entries_) x.call.add_due(marks);
  bool marking = send(with, marks);
  due_times rest;
  for (auto& x : entries_) {
    if (x.results) continue;
    take(x, with.receive(deadline_), rest);
    deadline_ = redis_link::clock::now() + timeout_;
  }
  if (marking) with.receive(deadline_);
  due = std::move(rest);
}

/// Gives whether marks were sent, behind the batches: a sweep that runs in between sees either.
bool redis_group::send(redis_connection& to, const due_times& due) {
  for (auto& x : entries_) {
    if (x.results) continue;
    auto call = link_.call(redis_script::write, x.call.key_count());
    x.call.add_to(call, now_ms_, link_.life());
    to.send(call);
    sent_ = true;
  }
  if (due.empty()) return false;
  redis_command mark{"ZADD", keys_.due(), "LT"};
  for (auto& [ns, when] : due) mark.add(when).add(ns);
  to.send(mark);
  return true;
}

void redis_group::take(entry& x, const redis_reply& reply, due_times& rest) {
  auto value = reply.value();
  try {
    x.results = x.call.results(reply.checked());
    x.call.add_rest(value, rest);
  } catch (const redis_error& error) {
    if (starts_with(value.text(), "NOSCRIPT")) {
      scripts_lost_ = true;
      return;
    }
    cause_ = error.cause;
    refuse(x, error, !is_clean(error));
    if (starts_with(value.text(), "READONLY")) link_.drop_later();
  }
}

void redis_group::refuse(entry& x, const redis_error& why, bool maybe_written) {
  x.results.emplace(x.what->writes.size(), write_result{redis_unavailable(where_, why), 0, maybe_written});
}

/// What is to survive a power cut is not written where nobody says that it would.
void redis_group::refuse_power() {
  if (link_.syncs_first()) return;
  for (auto& x : entries_) {
    if (x.results || x.what->keep != durability::power) continue;
    cause_ = "other";
    refuse(x, {"durability power needs a server with appendonly yes and appendfsync always"}, false);
  }
}

bool redis_group::wait_for_retry() const {
  if (link_.next_attempt() >= deadline_ || redis_link::clock::now() >= deadline_) return false;
  std::this_thread::sleep_until(link_.next_attempt());
  return true;
}

bool redis_group::is_done() const noexcept {
  return std::all_of(entries_.begin(), entries_.end(), [](auto& x) { return x.results.has_value(); });
}

} // namespace weir
