#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace weir {

/// Bytes of a node that its namespaces share: memory, or room in the store. A namespace below its share may
/// always go on; one above it has to give back, or is refused, as long as the whole is above `high_water`. So
/// what one takes when nobody else wants it is its own until somebody does. Any thread.
class byte_budget {
public:
  /// Of the limit. Above it whoever has more than its share gives back.
  static constexpr double high_water = 0.875;

  /// One that holds less than this is not counted among those who share.
  static constexpr std::uint64_t small_bytes = 64 * 1024;

  /// @param limit 0: none.
  explicit byte_budget(std::uint64_t limit) : limit_(limit) {}

  std::uint64_t limit() const noexcept { return limit_; }
  std::uint64_t used() const noexcept { return used_; }
  std::uint64_t holders() const noexcept { return holders_; }

  bool is_tight() const noexcept {
    return limit_ > 0 && static_cast<double>(used_.load()) > high_water * static_cast<double>(limit_);
  }

  /// What each of those who hold something may have when the whole is tight.
  std::uint64_t fair_bytes() const noexcept {
    auto n = holders_.load();
    return static_cast<std::uint64_t>(high_water * static_cast<double>(limit_)) / (n > 0 ? n : 1);
  }

private:
  friend class budget_share;

  std::uint64_t limit_;
  std::atomic<std::uint64_t> used_{0};
  std::atomic<std::uint64_t> holders_{0};
};

/// What one holder has of a budget. It gives all back when it ends.
class budget_share {
public:
  /// @param of null: without a bound.
  explicit budget_share(std::shared_ptr<byte_budget> of) : of_(std::move(of)) {}
  ~budget_share() { hold(0); }

  budget_share(const budget_share&) = delete;
  budget_share& operator=(const budget_share&) = delete;

  /// Says how much it holds now.
  void hold(std::uint64_t bytes) noexcept {
    auto before = std::exchange(bytes_, bytes);
    if (!of_ || before == bytes) return;
    of_->used_ += bytes - before; // wraps around for less, and back
    auto counts = [](std::uint64_t x) { return x >= byte_budget::small_bytes; };
    if (counts(bytes) != counts(before)) counts(bytes) ? ++of_->holders_ : --of_->holders_;
  }

  std::uint64_t bytes() const noexcept { return bytes_; }

  /// How much it has to give back; 0: nothing.
  std::uint64_t excess() const noexcept {
    if (!of_ || !of_->is_tight()) return 0;
    auto fair = of_->fair_bytes();
    return bytes_ > fair ? bytes_ - fair : 0;
  }

  /// What it may have while the whole is tight.
  std::uint64_t fair_bytes() const noexcept { return of_ ? of_->fair_bytes() : ~std::uint64_t{0}; }

private:
  std::shared_ptr<byte_budget> of_;
  std::uint64_t bytes_ = 0;
};

} // namespace weir
