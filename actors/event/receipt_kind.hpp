#pragma once

#include <cstdint>

namespace weir {

/// What a publisher wants to be told of its event: nothing, that it has reached clients, or that they have
/// acknowledged it.
enum class receipt_kind : std::uint8_t { none, delivered, acked };

/// The protocol's word for it.
inline const char* to_string(receipt_kind x) noexcept {
  switch (x) {
  case receipt_kind::delivered:
    return "delivered";
  case receipt_kind::acked:
    return "acked";
  case receipt_kind::none:
    break;
  }
  return "none";
}

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
