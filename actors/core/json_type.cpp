#include "actors/core/json_type.hpp"

#include <nlohmann/json.hpp>

namespace weir {

std::string type_of(const nlohmann::json& x) {
  if (x.is_null()) return "null";
  if (x.is_boolean()) return "true or false";
  if (x.is_number_integer()) return "a whole number";
  if (x.is_number()) return "a number";
  if (x.is_string()) return "a text";
  return x.is_array() ? "a list" : "an object";
}

} // namespace weir
