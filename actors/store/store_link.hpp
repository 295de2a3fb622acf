#pragma once

#include "actors/store/store_actor.hpp"

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <variant>
#include <vector>

namespace weir {

/// A namespace's way to the store: keeps apart which answer is to what. Without a store all writes are done
/// at once, and nothing is read.
///
/// What is in flight is bounded by the store's inbox; overflow policy: refused with `429 store_full`.
class store_link {
public:
  using on_commit = std::function<void(const store_committed&)>;
  using on_answer = std::function<void(store_answer&)>;
  using request = decltype(store_read::what);

  /// @param self gets `store_committed` and `store_answer` messages, and hands them on.
  /// @param to no actor: there is no store.
  store_link(caf::event_based_actor* self, store_handle to, durability keep);

  bool exists() const noexcept { return to_.actor != nullptr; }
  const caf::actor& actor() const noexcept { return to_.actor; }

  /// Whether no write waits for its answer.
  bool is_idle() const noexcept { return commits_.empty(); }

  /// Writes in one batch; `then` gets what became of it, from within this call if there is no store. With a
  /// refusal nothing was sent, and `then` is not called.
  refusal write(std::vector<store_write> writes, on_commit then);

  /// As above, for what nobody waits for: it is tried, and what could not be written is written next time.
  bool try_write(std::vector<store_write> writes);

  /// Reads; as above.
  refusal read(request what, on_answer then);

  // -- what the store says
  void on_committed(const store_committed& what);
  void on_answered(store_answer& what);

  /// Lets go of the store and of all that waits.
  void close();

private:
  caf::event_based_actor* self_;
  store_handle to_;
  durability keep_;
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, on_commit> commits_;
  std::unordered_map<std::uint64_t, on_answer> reads_;
};

} // namespace weir
