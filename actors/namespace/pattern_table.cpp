#include "actors/namespace/pattern_table.hpp"

#include "actors/namespace/pattern.hpp"

#include <algorithm>

namespace weir {

void pattern_table::add(std::string_view pattern, key holder) {
  auto* at = &root_;
  while (!pattern.empty()) {
    auto& below = at->children[std::string{next_token(pattern)}];
    if (!below) below = std::make_unique<node>();
    at = below.get();
  }
  at->holders.push_back(holder);
  ++size_;
}

bool pattern_table::remove(std::string_view pattern, key holder) {
  auto removed = remove_below(root_, pattern, holder);
  if (removed) --size_;
  return removed;
}

bool pattern_table::remove_below(node& at, std::string_view rest, key holder) {
  if (rest.empty()) {
    auto i = std::find(at.holders.begin(), at.holders.end(), holder);
    if (i == at.holders.end()) return false;
    *i = at.holders.back();
    at.holders.pop_back();
    return true;
  }
  auto i = at.children.find(next_token(rest));
  if (i == at.children.end()) return false;
  auto removed = remove_below(*i->second, rest, holder);
  if (i->second->is_leaf()) at.children.erase(i); // so that patterns that come and go leave nothing behind
  return removed;
}

} // namespace weir
