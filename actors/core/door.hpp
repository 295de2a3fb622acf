#pragma once

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include <cstdint>
#include <deque>

namespace weir {

/// The address of a supervised child, which stays the same across restarts. What comes while the child is
/// away waits, up to a bound; overflow policy: answered with `caf::sec::request_receiver_down`, like a
/// message to an actor that is gone. Requests and their answers pass through: the child sees the real sender.
/// While its child has failed, what comes and what waits is answered with the error that it was given.
class door : public caf::event_based_actor {
public:
  static constexpr std::size_t default_waiting_limit = 1024;

  explicit door(caf::actor_config& cfg, std::size_t waiting_limit = default_waiting_limit);

  caf::behavior make_behavior() override;

private:
  caf::skippable_result pass_on(caf::message& msg);
  void forward(caf::strong_actor_ptr sender, caf::message_id mid, caf::message msg);
  void open(caf::actor child);
  void refuse(caf::error why);

  struct waiting {
    caf::strong_actor_ptr sender;
    caf::message_id mid;
    caf::message msg;
  };

  std::size_t waiting_limit_;
  caf::actor child_;
  caf::error refused_; // set while the child has failed
  std::deque<waiting> waiting_;
};

} // namespace weir
