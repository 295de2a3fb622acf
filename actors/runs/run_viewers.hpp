#pragma once

#include "actors/messages/runs.hpp"

#include <caf/fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

/// The text of a run and those who see it: a late one gets what it has not had, then all get each piece once.
/// Not bounded itself: the orchestrator bounds how many watch one run, and what writes the text how much.
class run_viewers {
public:
  /// @param self the run, must outlive this.
  run_viewers(caf::event_based_actor* self, std::string run_id) : self_(self), run_id_(std::move(run_id)) {}

  /// One who is there already is taken for a new one.
  void add(watcher who);
  void drop(const drop_watcher& who);

  void append(const std::string& text);

  /// Those who wait for the result: it is told by whoever keeps it.
  std::vector<watcher> take_all() { return std::exchange(viewers_, {}); }

  void clear() { viewers_.clear(); }

  const std::string& text() const noexcept { return text_; }
  std::uint64_t code_points() const noexcept { return code_points_; }

private:
  void tell(watcher& who, std::uint64_t at, std::uint64_t end, std::string_view text);

  caf::event_based_actor* self_;
  std::string run_id_;
  std::vector<watcher> viewers_;
  std::string text_;
  std::uint64_t code_points_ = 0; // of it
};

} // namespace weir
