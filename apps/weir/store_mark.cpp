#include "apps/weir/store_mark.hpp"

#include "actors/core/wall_clock.hpp"

#include <random>
#include <stdexcept>

namespace weir {

namespace {

/// No namespace can have this name itself.
constexpr const char* node_keys = "_node";
constexpr const char* mark_key = "store_mark";

std::optional<key_entry> read_mark(store& what) {
  auto got = what.get(node_keys, mark_key, wall_clock_ms());
  if (auto* no = std::get_if<refusal>(&got)) throw std::runtime_error(no->message);
  return std::get<std::optional<key_entry>>(got);
}

} // namespace

std::string mark_of(store& what, bool shared) {
  if (!shared) return "own";
  if (auto found = read_mark(what)) return found->value;
  std::random_device random;
  auto made = std::to_string(random()) + std::to_string(random());
  store_batch first{0, durability::process, {{key_put{node_keys, mark_key, made, 0, 0}, {}}}};
  what.write(first, wall_clock_ms()); // refused if another node was faster
  auto found = read_mark(what);
  if (!found) throw std::runtime_error("the store does not keep what it is given");
  return found->value;
}

} // namespace weir
