#pragma once

#include "actors/messages/runs.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace weir {

/// Who watches which run, and which run goes with whose connection; so that all of a connection can be let go
/// when it closes. Plain: whoever owns it tells the runs.
///
/// Bounds: `max_of_run` watchers of one run, and `max_of_viewer` runs that one watches by a `watch` (calls
/// are bounded as such); overflow policy: the newest is refused.
class watch_book {
public:
  using viewer = std::pair<caf::actor, std::uint64_t>; ///< A subscriber behind a relay.

  enum class verdict {
    added,
    run_full,    ///< `max_of_run`.
    viewer_full, ///< `max_of_viewer`.
  };

  struct departure {
    std::vector<std::pair<std::string, viewer>> watched; ///< Run ids, and who watched them.
    std::vector<std::string> tied;                       ///< Runs that go with the connection.
  };

  watch_book(std::uint64_t max_of_run, std::uint64_t max_of_viewer)
    : max_of_run_(max_of_run), max_of_viewer_(max_of_viewer) {}

  /// One that watches the run already is added again, whatever the bounds.
  /// @param by_watch it asked for it with a `watch`, not with a `call`.
  verdict add(const std::string& run_id, const viewer& who, bool by_watch);

  /// The run is to be cancelled when this connection goes, instead of the one before.
  void tie(const std::string& run_id, const viewer& who);

  /// @returns whether it watched the run.
  bool remove(const std::string& run_id, const viewer& who);

  /// A connection has closed. @param subscriber 0: all of the relay.
  departure gone(const caf::actor& relay, std::uint64_t subscriber);

  /// The run is over.
  void finished(const std::string& run_id);

  std::size_t watchers_of(const std::string& run_id) const;
  std::size_t viewers() const noexcept { return viewers_.size(); }
  std::uint64_t max_of_run() const noexcept { return max_of_run_; }
  std::uint64_t max_of_viewer() const noexcept { return max_of_viewer_; }
  void clear();

private:
  struct run_entry {
    std::map<viewer, bool> watchers; // and whether by a `watch`
    viewer tied_to{};
  };

  struct viewer_entry {
    std::set<std::string> runs; // that it watches or that go with it
    std::uint64_t watches = 0;
  };

  void let_go(const viewer& who, const std::string& run_id, bool by_watch);
  void take_leave(const viewer& who, viewer_entry& x, departure& out);

  std::uint64_t max_of_run_;
  std::uint64_t max_of_viewer_;
  std::map<std::string, run_entry> runs_;
  std::map<viewer, viewer_entry> viewers_;
};

} // namespace weir
