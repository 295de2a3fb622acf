#pragma once

#include "actors/messages/runs.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace weir {

/// Which runs of a namespace belong to which thread, and which of them have to wait for others. Plain:
/// whoever owns it starts and cancels what it says.
///
/// Those that wait are bounded by `max_waiting` for each thread; overflow policy: the newest is refused.
class thread_book {
public:
  enum class verdict {
    start,
    wait, ///< Until `finished` gives it.
    busy, ///< Refused: its policy is `reject`.
    full, ///< Refused: too many wait already.
  };

  struct decision {
    verdict what = verdict::start;
    /// Runs to be cancelled, those in flight first. Each ends with `finished` all the same.
    std::vector<std::string> cancel{};
  };

  explicit thread_book(std::uint64_t max_waiting) : max_waiting_(max_waiting) {}

  /// A call of this thread has come. It starts beside the others, or when those before it are over. One that
  /// replaces others waits until they are over as well, which is soon: two never answer at once.
  /// @param thread not empty.
  decision add(const std::string& run_id, const std::string& thread, busy_policy policy);

  /// A run is over, whether it had started or waited; does nothing for one that is not known.
  /// @returns the run that has its turn now.
  std::optional<std::string> finished(const std::string& run_id);

  std::size_t threads() const noexcept { return threads_.size(); }
  std::size_t waiting(const std::string& thread) const;
  std::uint64_t max_waiting() const noexcept { return max_waiting_; }

private:
  struct thread_state {
    std::set<std::string> in_flight;
    std::deque<std::string> waiting; // max_waiting
  };

  std::uint64_t max_waiting_;
  std::map<std::string, thread_state> threads_; // those with a run
  std::map<std::string, std::string> thread_of_;
};

} // namespace weir
