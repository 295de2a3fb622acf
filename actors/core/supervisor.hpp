#pragma once

#include "actors/core/restart_ledger.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include <functional>
#include <string>
#include <vector>

namespace weir {

/// Which children are started again when one of them crashes.
enum class restart_strategy {
  one_for_one,  ///< That one.
  one_for_all,  ///< All of them.
  rest_for_one, ///< That one and those that were added after it.
};

/// A child of a supervisor: a name and a way to make it. An exit for reason `normal` or `user_shutdown` is a
/// child that is done; any other is a crash.
struct child_spec {
  std::string name;
  std::function<caf::actor(caf::actor_system&)> start;
  caf::actor door = nullptr; ///< One that was made beforehand; when it ends, so does the supervisor.
};

/// What became of a supervisor's children, for whoever observes it. Called in the supervisor's context.
struct supervisor_observer {
  std::function<void(const std::string& child, std::chrono::milliseconds delay)> on_restart;
  std::function<void(const std::string& child)> on_escalate;
  /// Before either of them: why the child has ended.
  std::function<void(const std::string& child, const caf::error& why)> on_crash;
};

/// Keeps its children running. A child is spoken to through its door (see `door`), which stays the same.
///
/// Messages: `(door_atom, string name) -> actor` gives a child's door; `restart_atom` starts all children
/// anew, whatever they do, and forgets earlier crashes. Adding children is the constructor's. Too many
/// restarts in the window end the supervisor with all its children and their doors, for a reason that is a
/// crash to its own supervisor: that is how it escalates.
class supervisor : public caf::event_based_actor {
public:
  struct config {
    restart_strategy strategy = restart_strategy::one_for_one;
    restart_intensity intensity;
    bool rests = false; ///< After too many restarts: true: leave the children for `intensity.window`, then
                        ///< begin anew; their doors refuse meanwhile. false: end.
    backoff delays;
    std::uint64_t seed = 0;
    supervisor_observer observer;
  };

  supervisor(caf::actor_config& cfg, config settings, std::vector<child_spec> children);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct child {
    child_spec spec;
    caf::actor door;
    caf::actor current;      // null while it waits for its restart, or when it is done
    bool restarting = false; // it is down and a restart is on its way
  };

  void start(child& x);
  void on_down(const caf::down_msg& msg);
  void crashed(std::size_t index, const caf::error& why);
  void stop_for_restart(child& x);
  void restart(std::uint64_t first, std::uint64_t last);
  void escalate(const std::string& name);
  void rest(const caf::error& why);
  void begin_anew();
  void stop(child& x);
  std::pair<std::uint64_t, std::uint64_t> affected(std::size_t index) const;

  config settings_;
  restart_ledger ledger_;
  std::vector<child> children_;
  std::uint64_t rests_ = 0; // how often it has rested or begun anew: an older timer counts no more
};

} // namespace weir
