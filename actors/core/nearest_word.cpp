#include "actors/core/nearest_word.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace weir {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row[b.size()];
}

std::string unknown_key(const std::string& key, const std::vector<std::string>& known) {
  std::string out = "unknown key";
  auto distance = [&key](const std::string& x) { return edit_distance(key, x); };
  auto nearest = std::min_element(known.begin(), known.end(),
                                  [&](auto& a, auto& b) { return distance(a) < distance(b); });
  // A third of the letters wrong is still a slip; more is another word.
  if (nearest != known.end() && distance(*nearest) <= std::max<std::size_t>(1, nearest->size() / 3))
    out += ", did you mean " + *nearest + "?";
  return out;
}

} // namespace weir
