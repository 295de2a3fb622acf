#pragma once

#include "tests/crash/history.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace weir::test {

/// What a history breaks, in words, one line each.
class verdict {
public:
  static constexpr std::size_t shown_per_rule = 5;

  void add(const std::string& rule, const std::string& what);

  bool ok() const noexcept { return counts_.empty(); }

  /// Whether a rule was broken.
  bool has(const std::string& rule) const { return counts_.count(rule) > 0; }

  /// How often each rule was broken, and the first few times of each.
  std::string text() const;

private:
  std::map<std::string, std::size_t> counts_;
  std::vector<std::string> lines_;
};

/// Whether a type is one that a pattern means. Written for the checker alone: it takes no word of the node's.
bool is_meant(std::string_view pattern, std::string_view type);

/// The log against what was acknowledged: `lost`, `moved`, `changed`, `twice`, `order`, `hole`, `stranger`,
/// `unanswered`, `causal`.
void check_log(const history& run, verdict& out);

/// What each session saw against the log: `missed`, `repeated`, `reordered`, `unwanted`, `unknown`,
/// `altered`, `gap`, `unrecovered`, `epoch`, `rewound`, `unanswered`.
void check_sessions(const history& run, verdict& out);

/// Agents' effects once: `chain`.
void check_chain(const history& run, verdict& out);

/// The queue's events against what workers did: `unserved`, `served_again`.
void check_queue(const history& run, verdict& out);

/// All of them, and the clients' own `fault`s.
verdict check(const history& run);

} // namespace weir::test
