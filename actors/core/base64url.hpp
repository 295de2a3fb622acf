#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir {

/// RFC 4648's alphabet for URLs and file names, without padding.
std::string to_base64url(std::string_view bytes);

/// Nothing where `text` is not what `to_base64url` gives: padding, other characters, bits left over.
std::optional<std::string> from_base64url(std::string_view text);

} // namespace weir
