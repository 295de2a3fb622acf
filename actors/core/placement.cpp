#include "actors/core/placement.hpp"

#include "actors/core/hash.hpp"

#include <cstdint>

namespace weir {

namespace {

/// FNV alone leaves the hashes of names that differ in their last letter close together: the finalizer of
/// MurmurHash3 (https://github.com/aappleby/smhasher) spreads them.
std::uint64_t spread(std::uint64_t x) noexcept {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdULL;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

} // namespace

std::size_t owner_of(std::string_view ns, const std::vector<std::string>& nodes) {
  auto best = nodes.size();
  std::uint64_t highest = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    auto score = spread(fnv1a{}.add(nodes[i]).add(ns).value());
    auto better = best == nodes.size() || score > highest || (score == highest && nodes[i] < nodes[best]);
    if (!better) continue;
    best = i;
    highest = score;
  }
  return best;
}

} // namespace weir
