#include "actors/core/random_id.hpp"

#include <array>
#include <stdexcept>

#include <unistd.h>

namespace weir {

std::string random_id() {
  static constexpr char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  std::array<unsigned char, 15> bytes{};
  if (getentropy(bytes.data(), bytes.size()) != 0)
    throw std::runtime_error("the kernel gives no random bytes");
  std::string out;
  for (auto byte : bytes) out += digits[byte & 63];
  return out;
}

} // namespace weir
