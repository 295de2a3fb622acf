#pragma once

// Errors between actors: what authors see of them is in weir/error.hpp. They are made by errors.hpp.

#include "weir/error.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace weir {

template <class Inspector>
bool inspect(Inspector& f, code& x) {
  auto get = [&x] { return static_cast<std::uint16_t>(x); };
  auto set = [&x](std::uint16_t value) {
    x = static_cast<code>(value);
    return true;
  };
  return f.apply(get, set);
}

template <class Inspector>
bool inspect(Inspector& f, refusal& x) {
  return f.object(x).fields(f.field("status", x.status), f.field("reason", x.reason),
                            f.field("message", x.message), f.field("retry_after_ms", x.retry_after_ms),
                            f.field("scope", x.scope), f.field("depth", x.depth), f.field("limit", x.limit),
                            f.field("detail", x.detail));
}

} // namespace weir
