#pragma once

#include "actors/core/drain_rate.hpp"
#include "actors/messages/cluster.hpp"
#include "actors/models/pool.hpp"
#include "actors/models/remote/remote_calls.hpp"
#include "actors/models/remote/remote_links.hpp"
#include "actors/models/remote/remote_metrics.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace weir {

/// Stands for the pools of one name on other nodes, and is asked like one (see models/messages.hpp). It
/// queues nothing: an attempt is passed on at once, to the node that is the first in rank for the model and
/// the namespace (see `remote_links`), and to the next one when that refuses it, is gone before it has begun,
/// or does not read it. One that retires answers what it has, and is asked for nothing more. When no node can
/// take it the caller is refused: `503 unavailable`, `429 link_full`, or what the last node said. What had
/// begun at a node that is gone fails with `503 unavailable`, and may be tried again. An attempt that no node
/// answers fails at its deadline.
///
/// Bounded by its inbox, whose places are held until an attempt has begun, and by what each node may have
/// unanswered.
///
/// Messages: those of a pool, from callers; `model_receipt`, `model_piece`, `model_done` and `model_failed`
/// from other nodes; `pool_places` from this node's membership.
class remote_pool : public caf::event_based_actor {
public:
  /// Where the pools are, as it was last told; for the one that follows when it crashes.
  using known_ports = std::shared_ptr<std::map<std::string, caf::actor>>;

  /// After its deadline an attempt may still be answered by its node for so long.
  static constexpr std::chrono::milliseconds answer_grace{500};

  /// What a caller is told to wait when no node can be asked.
  static constexpr std::int64_t retry_after_ms = 1000;

  remote_pool(caf::actor_config& cfg, model_config settings, remote_links::bounds limits, known_ports known);

  caf::behavior make_behavior() override;
  void on_exit() override;

  void take(permit& place, model_request& what);
  void cancel(const caf::actor_addr& sink, std::uint64_t id);
  void learn(const pool_places& what);

private:
  void on(const model_receipt& x);
  void on(const model_piece& x);
  void on(model_done& x);
  void on(model_failed& x);
  void on_down(const caf::down_msg& msg);
  void lose(const std::string& node);
  void add(const std::string& node, const caf::actor& port);
  void pass_on(remote_call x);
  std::string key_of(const model_request& x) const;
  void refuse(remote_call x, remote_links::verdict why);
  void fail(const remote_call& x, refusal why);
  std::optional<remote_call> let_go(std::uint64_t number);
  std::optional<remote_call> give_up(std::uint64_t number);
  void arm_deadline();
  void on_deadline();
  void watch_silence();
  void leave_the_silent();

  model_config settings_;
  remote_metrics metrics_;
  remote_links links_;
  remote_calls calls_;
  known_ports ports_;
  drain_rate drain_;
  std::uint64_t last_number_ = 0;
  bool watches_silence_ = false;
  std::optional<remote_call::time_point> timer_at_; // the earliest timer that is set
};

/// Starts a remote pool under a supervisor, as `make_pool` does a pool. Its door is to be told of
/// `pool_places`.
pool_handle make_remote_pool(caf::actor_system& sys, model_config config, remote_links::bounds limits = {});

} // namespace weir
