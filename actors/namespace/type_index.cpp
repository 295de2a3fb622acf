#include "actors/namespace/type_index.hpp"

#include "actors/event/pattern.hpp"

#include <algorithm>

namespace weir {

namespace {

/// What every type that the pattern matches begins with.
std::string_view fixed_part(std::string_view pattern) {
  return pattern.substr(0, pattern.find_first_of("*>"));
}

} // namespace

void type_index::add(const std::string& type, std::uint64_t seq) { by_type_[type].seqs.push_back(seq); }

void type_index::drop_oldest(const std::string& type) {
  auto i = by_type_.find(type);
  if (i == by_type_.end()) return;
  auto& x = i->second;
  if (++x.first == x.seqs.size()) {
    by_type_.erase(i);
  } else if (x.first >= 64 && 2 * x.first >= x.seqs.size()) { // so that a type that never ends does not grow
    x.seqs.erase(x.seqs.begin(), x.seqs.begin() + static_cast<std::ptrdiff_t>(x.first));
    x.first = 0;
  }
}

std::optional<std::vector<std::span<const std::uint64_t>>>
type_index::find(const std::vector<std::string>& patterns, std::size_t max) const {
  std::vector<const places*> found;
  for (auto& pattern : patterns) {
    auto fixed = fixed_part(pattern);
    auto literal = fixed.size() == pattern.size();
    for (auto i = by_type_.lower_bound(fixed); i != by_type_.end() && i->first.starts_with(fixed); ++i) {
      if (literal && i->first.size() > fixed.size()) break;
      if (!matches(pattern, i->first)) continue;
      if (std::find(found.begin(), found.end(), &i->second) != found.end())
        continue; // of another pattern, too
      if (found.size() == max) return std::nullopt;
      found.push_back(&i->second);
    }
  }
  std::vector<std::span<const std::uint64_t>> out;
  for (auto* x : found) out.push_back(x->all());
  return out;
}

} // namespace weir
