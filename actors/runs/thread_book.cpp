#include "actors/runs/thread_book.hpp"

#include <algorithm>

namespace weir {

thread_book::decision thread_book::add(const std::string& run_id, const std::string& thread,
                                       busy_policy policy) {
  auto i = threads_.find(thread);
  auto* there = i == threads_.end() ? nullptr : &i->second;
  decision out;
  if (there != nullptr && policy == busy_policy::reject) return {verdict::busy, {}};
  if (there != nullptr && policy == busy_policy::replace) {
    out.cancel.assign(there->in_flight.begin(), there->in_flight.end());
    out.cancel.insert(out.cancel.end(), there->waiting.begin(), there->waiting.end());
    out.what = verdict::wait;
  }
  if (there != nullptr && policy == busy_policy::queue) {
    if (there->waiting.size() >= max_waiting_) return {verdict::full, {}};
    out.what = verdict::wait;
  }
  auto& state = threads_[thread];
  thread_of_[run_id] = thread;
  if (out.what == verdict::start)
    state.in_flight.insert(run_id);
  else
    state.waiting.push_back(run_id);
  return out;
}

std::optional<std::string> thread_book::finished(const std::string& run_id) {
  auto node = thread_of_.extract(run_id);
  if (node.empty()) return std::nullopt;
  auto i = threads_.find(node.mapped());
  auto& state = i->second;
  state.in_flight.erase(run_id);
  std::erase(state.waiting, run_id);
  if (!state.in_flight.empty()) return std::nullopt;
  if (state.waiting.empty()) {
    threads_.erase(i);
    return std::nullopt;
  }
  auto next = std::move(state.waiting.front());
  state.waiting.pop_front();
  state.in_flight.insert(next);
  return next;
}

std::size_t thread_book::waiting(const std::string& thread) const {
  auto i = threads_.find(thread);
  return i == threads_.end() ? 0 : i->second.waiting.size();
}

} // namespace weir
