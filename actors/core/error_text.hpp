#pragma once

#include <caf/fwd.hpp>

#include <string>

namespace weir {

/// What a CAF error says to a person: the text that it was made with, else its name.
std::string text_of(const caf::error& x);

} // namespace weir
