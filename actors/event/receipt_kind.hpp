#pragma once

#include "weir/event.hpp"

#include <cstdint>

namespace weir {

template <class Inspector>
bool inspect(Inspector& f, receipt_kind& x) {
  auto get = [&x] { return static_cast<std::uint8_t>(x); };
  auto set = [&x](std::uint8_t value) {
    if (value > static_cast<std::uint8_t>(receipt_kind::acked)) return false;
    x = static_cast<receipt_kind>(value);
    return true;
  };
  return f.apply(get, set);
}

} // namespace weir
