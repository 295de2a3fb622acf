#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

/// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/): the same on every machine and in every
/// version, so it may be kept on disk. Not for secrets.
class fnv1a {
public:
  fnv1a& add(std::string_view bytes) noexcept {
    for (unsigned char c : bytes) value_ = (value_ ^ c) * 0x100000001b3ULL;
    value_ = (value_ ^ 0xffU) * 0x100000001b3ULL; // a separator that no UTF-8 text contains
    return *this;
  }

  std::uint64_t value() const noexcept { return value_; }

private:
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

} // namespace weir
