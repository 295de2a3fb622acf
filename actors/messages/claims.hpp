#pragma once

// The conversation between a host and the keeper of its claims. It never leaves the node.

#include "actors/core/refusal.hpp"
#include "actors/messages/type_ids.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <string>

namespace weir {

/// host → keeper: this node wants to own the namespace. Answered with a `namespace_claim`. To ask again for
/// what is owned changes nothing, and says whether it still is.
struct claim_namespace {
  std::string ns;
};

/// keeper → host: it does (`granted`), or why not.
struct namespace_claim {
  std::string ns;
  bool granted = false;
  std::uint64_t epoch = 0;         ///< The fence of its writes.
  std::string holder;              ///< Not granted: the node that owns it; empty: the store did not say.
  refusal no;                      ///< Not granted: what the store said, if that was it.
  std::int64_t retry_after_ms = 0; ///< Not granted: when it may be worth while to ask again.
};

/// host → keeper: another node may own it from now on. Answered with a `namespace_released`, once it is done.
struct release_namespace {
  std::string ns;
  std::uint64_t epoch = 0;
};

struct namespace_released {
  std::string ns;
};

/// keeper → host: this node may be taken for gone: each of its namespaces may have another owner by now, so
/// they have to end, and be claimed again.
struct claims_lapsed {};

/// keeper → host: it may own namespaces, for the first time or again.
struct claims_held {};

} // namespace weir

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weir::claim_namespace)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weir::namespace_claim)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weir::release_namespace)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weir::namespace_released)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weir::claims_lapsed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weir::claims_held)
