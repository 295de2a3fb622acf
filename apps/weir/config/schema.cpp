#include "apps/weir/config/schema.hpp"

namespace weir::schema {

std::string type_of(const json& x) {
  if (x.is_null()) return "null";
  if (x.is_boolean()) return "true or false";
  if (x.is_number_integer()) return "a whole number";
  if (x.is_number()) return "a number";
  if (x.is_string()) return "a text";
  return x.is_array() ? "a list" : "an object";
}

} // namespace weir::schema
