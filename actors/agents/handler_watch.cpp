#include "actors/agents/handler_watch.hpp"

#include <algorithm>
#include <cstring>

namespace weir {

namespace {

std::int64_t ns_of(handler_mark::time_point x) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(x.time_since_epoch()).count();
}

} // namespace

const char* to_string(handler_kind x) noexcept {
  switch (x) {
  case handler_kind::none:
    return "none";
  case handler_kind::on_start:
    return "on_start";
  case handler_kind::on_event:
    return "on_event";
  case handler_kind::on_call:
    return "on_call";
  case handler_kind::timer:
    return "timer";
  case handler_kind::continuation:
    return "continuation";
  }
  return "none";
}

// A sequence lock: a reader that finds the version changed has read nothing.

void handler_mark::enter(handler_kind what, std::string_view event_id, time_point now) noexcept {
  constexpr auto relaxed = std::memory_order_relaxed;
  auto version = version_.load(relaxed);
  version_.store(version + 1, relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  auto size = std::min(event_id.size(), max_id_bytes);
  for (std::size_t at = 0; at < size; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, event_id.data() + at, std::min<std::size_t>(8, size - at));
    id_[at / 8].store(word, relaxed);
  }
  id_bytes_.store(size, relaxed);
  since_ns_.store(ns_of(now), relaxed);
  number_.store(number_.load(relaxed) + 1, relaxed);
  handler_.store(what, relaxed);
  version_.store(version + 2, std::memory_order_release);
}

void handler_mark::leave() noexcept {
  auto version = version_.load(std::memory_order_relaxed);
  version_.store(version + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  handler_.store(handler_kind::none, std::memory_order_relaxed);
  version_.store(version + 2, std::memory_order_release);
}

std::optional<handler_mark::reading> handler_mark::read(time_point now) const {
  constexpr auto relaxed = std::memory_order_relaxed;
  auto version = version_.load(std::memory_order_acquire);
  if (version % 2 == 1) return std::nullopt;
  reading out;
  out.handler = handler_.load(relaxed);
  out.number = number_.load(relaxed);
  out.busy = std::chrono::nanoseconds{ns_of(now) - since_ns_.load(relaxed)};
  auto size = std::min(id_bytes_.load(relaxed), max_id_bytes);
  out.event_id.resize(size);
  for (std::size_t at = 0; at < size; at += 8) {
    auto word = id_[at / 8].load(relaxed);
    std::memcpy(out.event_id.data() + at, &word, std::min<std::size_t>(8, size - at));
  }
  std::atomic_thread_fence(std::memory_order_acquire);
  if (version_.load(relaxed) != version || out.handler == handler_kind::none) return std::nullopt;
  return out;
}

std::string describe(const overdue_handler& x) {
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(x.what.busy).count();
  auto out = x.ns + ": " + to_string(x.what.handler) + " of agent " + x.agent + " has not returned for "
             + std::to_string(ms) + " ms";
  if (!x.what.event_id.empty()) out += "; it handles " + x.what.event_id;
  return out;
}

std::vector<overdue_handler> watched_agents::overdue(std::chrono::nanoseconds limit,
                                                     handler_mark::time_point now) {
  std::vector<overdue_handler> out;
  std::erase_if(all_, [&](entry& x) {
    auto agent = x.what.lock();
    if (!agent) return true;
    auto what = agent->mark.read(now);
    if (!what || what->busy < limit) return false;
    auto is_new = std::exchange(x.told, what->number) != what->number;
    out.push_back({agent->ns, agent->agent, std::move(*what), is_new});
    return false;
  });
  return out;
}

} // namespace weir
