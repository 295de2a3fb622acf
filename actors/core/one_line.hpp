#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

/// Text from outside as one line that may be logged, sent and shown: valid UTF-8 without control characters,
/// which become blanks, and at most some `max_bytes`. What is longer is cut and says how long it was.
std::string one_line(std::string_view text, std::size_t max_bytes = 1024);

} // namespace weir
