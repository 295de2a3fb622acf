#pragma once

#include <algorithm>
#include <cstdint>

namespace weir {

/// Decides when memory that was given back is to be handed on to the system: the allocator keeps it
/// otherwise. Not often, as that looks at all of the heap. Plain.
class memory_trim {
public:
  /// So much has to have been given back since the last time.
  static constexpr std::uint64_t worth_bytes = 32 * 1024 * 1024;

  /// @param used by what is counted, now.
  bool is_due(std::uint64_t used) noexcept {
    peak_ = std::max(peak_, used);
    if (peak_ - used < worth_bytes) return false;
    peak_ = used;
    return true;
  }

private:
  std::uint64_t peak_ = 0; // since it was last due
};

} // namespace weir
