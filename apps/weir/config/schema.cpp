#include "apps/weir/config/schema.hpp"

#include "apps/weir/config/rules.hpp"

#include <algorithm>

namespace weir::schema {

std::string type_of(const json& x) {
  if (x.is_null()) return "null";
  if (x.is_boolean()) return "true or false";
  if (x.is_number_integer()) return "a whole number";
  if (x.is_number()) return "a number";
  if (x.is_string()) return "a text";
  return x.is_array() ? "a list" : "an object";
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

} // namespace weir::schema
