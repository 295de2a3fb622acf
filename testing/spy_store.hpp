#pragma once

#include "actors/store/memory_store.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace weir::test {

/// Shared with the test: what a spy saw, and what it is to do.
struct spy {
  std::vector<std::size_t> groups; ///< Batches in each commit.
  int fail_next = 0;               ///< So many commits fail.
  int lose_next = 0;               ///< So many commits are done, but their answers are lost.
  std::vector<std::uint64_t> swept;
  memory_store* kept = nullptr; ///< What the store has: to be copied, and to be put back.
  refusal trouble;              ///< What `check` gives.
};

/// A store in memory that counts commits and fails when told to.
class spy_store : public memory_store {
public:
  explicit spy_store(std::shared_ptr<spy> state) : state_(std::move(state)) { state_->kept = this; }

  refusal check() override { return state_->trouble; }

  group_result write(std::span<const store_batch* const> group, std::int64_t now_ms) override {
    state_->groups.push_back(group.size());
    if (state_->lose_next > 0) return lose(memory_store::write(group, now_ms));
    if (state_->fail_next == 0) return memory_store::write(group, now_ms);
    --state_->fail_next;
    return {{code::unavailable, "unavailable", "the disk is full", 1000, {}, 0, 0}, "full", {}};
  }

  outcome<std::uint64_t> sweep(std::int64_t now_ms, std::uint64_t max) override {
    auto out = memory_store::sweep(now_ms, max);
    state_->swept.push_back(std::get<std::uint64_t>(out));
    return out;
  }

private:
  group_result lose(group_result out) {
    --state_->lose_next;
    for (auto& batch : out.batches)
      for (auto& x : batch) x = {{code::unavailable, "unavailable", "no answer", 1000, {}, 0, 0}, 0, true};
    out.cause = "lost";
    return out;
  }

  std::shared_ptr<spy> state_;
};

} // namespace weir::test
