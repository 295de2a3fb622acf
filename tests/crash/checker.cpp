#include "tests/crash/checker.hpp"

namespace weir::test {

void verdict::add(const std::string& rule, const std::string& what) {
  if (++counts_[rule] <= shown_per_rule) lines_.push_back(rule + ": " + what);
}

std::string verdict::text() const {
  std::string out;
  for (auto& [rule, count] : counts_) out += rule + " x " + std::to_string(count) + "\n";
  for (auto& line : lines_) out += line + "\n";
  return out;
}

bool is_meant(std::string_view pattern, std::string_view type) {
  for (;;) {
    auto wanted = pattern.substr(0, pattern.find('.'));
    auto token = type.substr(0, type.find('.'));
    if (wanted == ">") return !token.empty();
    if (token.empty() || (wanted != "*" && wanted != token)) return false;
    bool more_wanted = wanted.size() < pattern.size(), more = token.size() < type.size();
    if (!more_wanted || !more) return more_wanted == more;
    pattern.remove_prefix(wanted.size() + 1);
    type.remove_prefix(token.size() + 1);
  }
}

verdict check(const history& run) {
  verdict out;
  for (auto& x : run.faults) out.add("fault", x);
  check_log(run, out);
  check_sessions(run, out);
  check_chain(run, out);
  check_queue(run, out);
  return out;
}

} // namespace weir::test
