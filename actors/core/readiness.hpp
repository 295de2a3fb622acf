#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

namespace weir {

/// What a node has not got and cannot serve without. Any thread.
class readiness {
public:
  enum class need : std::uint32_t {
    lease = 1, ///< The node's lease: without it no namespace may be open here.
    store = 2, ///< The store takes nothing.
  };

  void wait_for(need what) noexcept { open_.fetch_or(bit(what), std::memory_order_relaxed); }
  void got(need what) noexcept { open_.fetch_and(~bit(what), std::memory_order_relaxed); }

  bool waits() const noexcept { return open_.load(std::memory_order_relaxed) != 0; }

  /// As an operator reads it, one for each need.
  std::vector<std::string_view> all() const {
    std::vector<std::string_view> out;
    auto open = open_.load(std::memory_order_relaxed);
    if ((open & bit(need::lease)) != 0)
      out.push_back(
          "waits for the node's lease: it is held by an earlier process, or the store does not answer");
    if ((open & bit(need::store)) != 0) out.push_back("waits for the store, which takes nothing");
    return out;
  }

private:
  static std::uint32_t bit(need what) noexcept { return static_cast<std::uint32_t>(what); }

  std::atomic<std::uint32_t> open_{0};
};

} // namespace weir
