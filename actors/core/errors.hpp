#pragma once

// The catalogue of errors: every reason that a client, an operator or an agent's author may see, and a
// factory for each. New code makes errors only with these. The table in docs/protocol.md is generated from
// it.
//
//   if (full) return errors::namespace_full("requests of this relay", {retry_ms, "namespace", depth, limit});
//   return errors::unavailable("the namespace is being restarted", 1000);

#include "actors/core/refusal.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// NAME(status, reason, meaning): once for each reason, in the order of the table. `WEIR_PLAIN_REASON` makes a
// factory of a message and, where trying again can help, a time; `WEIR_FULL_REASON` one that also says how
// full what was.
// clang-format off
#define WEIR_ERROR_REASONS(WEIR_PLAIN_REASON, WEIR_FULL_REASON)                                                       \
  WEIR_PLAIN_REASON(bad_request, malformed, "The frame or body is not valid JSON, or not an object with an `op`.")    \
  WEIR_PLAIN_REASON(bad_request, bad_config, "To operators: the configuration that was to be loaded is wrong; nothing is changed.") \
  WEIR_PLAIN_REASON(bad_request, unknown_op, "There is no such `op`.")                                                \
  WEIR_PLAIN_REASON(bad_request, bad_field, "A field has a wrong type or value; `message` names it.")                 \
  WEIR_PLAIN_REASON(unauthenticated, unauthenticated, "No token was given, or it is not valid.")                      \
  WEIR_PLAIN_REASON(unauthenticated, token_expired, "The token is no longer valid: get a new one.")                   \
  WEIR_PLAIN_REASON(forbidden, forbidden, "The token does not name this right, or the name is reserved; `message` says which.") \
  WEIR_PLAIN_REASON(not_found, unknown_target, "No agent, workflow, namespace or event has this name.")               \
  WEIR_PLAIN_REASON(not_found, unknown_run, "No such run is in flight, and its result is not kept any more.")         \
  WEIR_PLAIN_REASON(not_found, unknown_subscription, "The session has no subscription of this id.")                   \
  WEIR_PLAIN_REASON(not_found, unknown_node, "No member of the cluster has this name.")                               \
  WEIR_PLAIN_REASON(not_found, namespace_deleted, "The namespace was deleted.")                                        \
  WEIR_PLAIN_REASON(conflict, conflict, "What is there already differs; `message` says how.")                         \
  WEIR_PLAIN_REASON(conflict, name_taken, "Between nodes: a member of the cluster has this name already.")            \
  WEIR_PLAIN_REASON(conflict, predecessor_missing, "`prev_event_id` did not arrive within its time.")                 \
  WEIR_PLAIN_REASON(conflict, busy, "In a `result`: the thread had a run in flight, and the call said not to wait.")  \
  WEIR_PLAIN_REASON(conflict, hops, "In a `result`: more than `limits.hops` agents, workflows and calls have led to this call.") \
  WEIR_PLAIN_REASON(conflict, no_route, "In a workflow's `result`: no branch matched, and there is no `else`.")       \
  WEIR_PLAIN_REASON(conflict, no_such_agent, "In a workflow's `result`: an agent that was named is not one of the step's.") \
  WEIR_PLAIN_REASON(conflict, unreadable, "In a workflow's `result`: a condition could not be asked about the value.")   \
  WEIR_PLAIN_REASON(conflict, too_many_rounds, "In a workflow's `result`: the loop ran as often as it may.")          \
  WEIR_PLAIN_REASON(conflict, too_many_handoffs, "In a workflow's `result`: the call was handed on as often as it may be.") \
  WEIR_PLAIN_REASON(too_large, too_large, "A frame, its data, a value of a workflow or a number of subscriptions is above its bound.") \
  WEIR_PLAIN_REASON(too_large, too_deep, "In a workflow's `result`: more steps inside each other than allowed.")      \
  WEIR_PLAIN_REASON(too_large, too_many_steps, "In a workflow's `result`: more steps than one run may have.")         \
  WEIR_PLAIN_REASON(too_large, too_many_calls, "In a workflow's `result`: more calls in flight than one run may have.") \
  WEIR_FULL_REASON(too_many, rate, "This connection sends faster than `publish_per_s` and `burst` allow.")            \
  WEIR_FULL_REASON(too_many, quota, "A bound of connections, namespaces, watchers, tokens or nodes is reached.")      \
  WEIR_FULL_REASON(too_many, namespace_full, "Too many requests to the namespace are in flight.")                     \
  WEIR_FULL_REASON(too_many, causal_full, "Too many events wait for their predecessors.")                             \
  WEIR_FULL_REASON(too_many, model_queue_full, "Too many calls wait for the model.")                                  \
  WEIR_FULL_REASON(too_many, link_full, "Too much is under way to the node that has the namespace or the model.")     \
  WEIR_FULL_REASON(too_many, store_full, "Too many writes wait for the store.")                                       \
  WEIR_FULL_REASON(too_many, thread_full, "Too many calls wait in the thread.")                                       \
  WEIR_PLAIN_REASON(cancelled, cancelled, "The call was cancelled.")                                                  \
  WEIR_PLAIN_REASON(internal, failed, "In a `result`: the agent or model failed, and no other reason fits.")          \
  WEIR_PLAIN_REASON(internal, dead_letter, "In a `result`: the agent could not handle the call, and is not given it again.") \
  WEIR_PLAIN_REASON(internal, undo_failed, "In a workflow's `result`: a step failed, and undoing what came before failed too.") \
  WEIR_PLAIN_REASON(unavailable, draining, "The node stops: connect again, elsewhere.")                               \
  WEIR_PLAIN_REASON(unavailable, starting, "The node is not ready yet.")                                              \
  WEIR_PLAIN_REASON(unavailable, unavailable, "A part is restarting, moving or out of reach; `message` says which.")  \
  WEIR_PLAIN_REASON(deadline, deadline, "It did not end within its time.")
// clang-format on

namespace weir::errors {

/// One row of the catalogue.
struct entry {
  code status;
  std::string_view reason;
  std::string_view meaning; ///< One sentence, for the documentation.
  bool says_how_full;       ///< With `retry_after_ms`, `scope`, `depth` and `limit`.
};

/// Every reason once, grouped by status, in the order of the table.
std::span<const entry> catalogue() noexcept;

/// The table of docs/protocol.md, in Markdown.
std::string describe();

/// How full what was.
struct pressure {
  std::int64_t retry_after_ms; ///< 1 or more: when trying again can help.
  const char* scope;           ///< `connection`, `namespace`, `model`, `link` or `node`.
  std::uint64_t depth = 0;     ///< 0 with `limit` 0: not known.
  std::uint64_t limit = 0;
};

#define WEIR_PLAIN_REASON(status, reason, meaning)                                                           \
  /** @param retry_after_ms when trying again can help; 0: it cannot. */                                     \
  refusal reason(std::string message, std::int64_t retry_after_ms = 0);
#define WEIR_FULL_REASON(status, reason, meaning) refusal reason(std::string message, const pressure& how);
WEIR_ERROR_REASONS(WEIR_PLAIN_REASON, WEIR_FULL_REASON)
#undef WEIR_PLAIN_REASON
#undef WEIR_FULL_REASON

} // namespace weir::errors
