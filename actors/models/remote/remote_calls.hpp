#pragma once

#include "actors/core/deadline_index.hpp"
#include "actors/messages/models.hpp"

#include <caf/actor_addr.hpp>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace weir {

/// One attempt that a remote pool has passed on to a node.
struct remote_call {
  using time_point = std::chrono::steady_clock::time_point;

  std::uint64_t number = 0; ///< By which that node knows it; another one each time that it is passed on.
  model_request what;       ///< The caller's; without its messages once it has begun.
  permit place;             ///< Held until it has begun.
  std::vector<std::string> asked; ///< Nodes, the last one has it.
  time_point deadline{};
  bool begun = false; ///< By a worker of that node.
  refusal last_no;    ///< What the node before it said.

  const std::string& node() const { return asked.back(); }
};

/// All attempts of a remote pool, found by number, by caller, by node and by deadline. Its bound is that of
/// what is on its way to the nodes, see `remote_links`.
class remote_calls {
public:
  using time_point = remote_call::time_point;

  /// @param answer_by when it is taken for lost.
  remote_call& add(remote_call x, time_point answer_by);

  remote_call* find(std::uint64_t number);
  std::optional<std::uint64_t> number_of(const caf::actor_addr& sink, std::uint64_t id) const;
  std::vector<std::uint64_t> of_sink(const caf::actor_addr& sink) const;
  bool knows_sink(const caf::actor_addr& sink) const { return sinks_.count(sink) > 0; }
  std::vector<std::uint64_t> at(const std::string& node) const;
  std::vector<std::uint64_t> all() const;

  std::optional<remote_call> remove(std::uint64_t number);

  std::vector<std::uint64_t> take_due(time_point now) { return deadlines_.take_due(now); }
  std::optional<time_point> next_deadline() const { return deadlines_.next(); }
  std::size_t size() const noexcept { return calls_.size(); }

private:
  std::unordered_map<std::uint64_t, remote_call> calls_;
  std::unordered_map<caf::actor_addr, std::unordered_map<std::uint64_t, std::uint64_t>> sinks_; // id → number
  deadline_index deadlines_;
};

} // namespace weir
