#include "actors/core/error_text.hpp"

#include <caf/error.hpp>

namespace weir {

std::string text_of(const caf::error& x) {
  if (x && x.context().match_elements<std::string>()) return x.context().get_as<std::string>(0);
  return to_string(x);
}

} // namespace weir
