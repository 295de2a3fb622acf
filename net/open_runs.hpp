#pragma once

#include "actors/core/utf8.hpp"
#include "actors/messages/runs.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace weir {

/// The runs whose results a connection waits for, and how much of their texts it has had: so that it can ask
/// for the rest when its namespace goes on in another actor, on this node or elsewhere.
///
/// Bounded by `max_runs`; overflow policy: what comes on top is not followed, so that its result is told by
/// the actor that took the call, or when the client watches it.
class open_runs {
public:
  static constexpr std::size_t max_runs = 256;

  struct run {
    std::uint64_t seq = 0; ///< Of the call's event; 0: not known.
    bool stream = false;
    bool tied = false;    ///< It is to be cancelled when the connection goes.
    std::uint64_t at = 0; ///< The code point after the last that was passed on.
    bool accepted = false;
  };

  /// It is asked for.
  /// @returns whether there is room for it.
  bool ask(const std::string& run_id, bool stream, bool tied, std::uint64_t at) {
    auto i = runs_.find(run_id);
    if (i == runs_.end()) {
      if (runs_.size() >= max_runs) return false;
      i = runs_.emplace(run_id, run{}).first;
    }
    i->second.stream = stream;
    i->second.tied |= tied;
    i->second.at = at;
    return true;
  }

  void on_accepted(const std::string& run_id, std::uint64_t seq) {
    auto i = runs_.find(run_id);
    if (i == runs_.end()) return; // its result was faster
    i->second.accepted = true;
    if (seq > 0) i->second.seq = seq;
  }

  /// One that had been accepted before goes on.
  void on_refused(const std::string& run_id) {
    auto i = runs_.find(run_id);
    if (i != runs_.end() && !i->second.accepted) runs_.erase(i);
  }

  void on_delta(const run_delta& x) {
    auto i = runs_.find(x.run_id);
    if (i != runs_.end()) i->second.at = x.at + utf8::code_points(x.text);
  }

  /// The namespace's history begins anew: what was at a seq is not there any more.
  void forget_places() {
    for (auto& x : runs_) x.second.seq = 0;
  }

  void on_over(const std::string& run_id) { runs_.erase(run_id); }

  /// Calls `f(run_id, run)` for each that was accepted and is not over.
  template <class F>
  void for_each_accepted(F f) const {
    for (auto& [run_id, x] : runs_)
      if (x.accepted) f(run_id, x);
  }

  std::size_t size() const noexcept { return runs_.size(); }

private:
  std::map<std::string, run> runs_; // by id; max_runs
};

} // namespace weir
