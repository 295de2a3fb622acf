#include "actors/core/door.hpp"

#include "actors/core/core_type_ids.hpp"

#include <caf/behavior.hpp>
#include <caf/response_promise.hpp>
#include <caf/sec.hpp>

#include <utility>

namespace weir {

door::door(caf::actor_config& cfg, std::size_t waiting_limit)
  : caf::event_based_actor(cfg), waiting_limit_(waiting_limit) {
  set_default_handler([this](caf::scheduled_actor*, caf::message& msg) { return pass_on(msg); });
}

caf::behavior door::make_behavior() {
  return {
      [this](door_open_atom, caf::actor child) { open(std::move(child)); },
      [this](door_close_atom) { child_ = nullptr; },
      [this](door_close_atom, caf::error why) { refuse(std::move(why)); },
  };
}

caf::skippable_result door::pass_on(caf::message& msg) {
  if (refused_) return refused_;
  if (!child_ && waiting_.size() >= waiting_limit_) return caf::make_error(caf::sec::request_receiver_down);
  // Taken over whole, as `delegate` does: the answer goes straight from the child to the sender.
  auto sender = std::move(current_element_->sender);
  auto mid = current_element_->mid;
  current_element_->mid.mark_as_answered();
  if (child_)
    forward(std::move(sender), mid, std::move(msg));
  else
    waiting_.push_back({std::move(sender), mid, std::move(msg)});
  return caf::delegated<caf::message>{};
}

void door::forward(caf::strong_actor_ptr sender, caf::message_id mid, caf::message msg) {
  caf::actor_cast<caf::abstract_actor*>(child_)->enqueue(std::move(sender), mid, std::move(msg), context());
}

void door::open(caf::actor child) {
  child_ = std::move(child);
  refused_ = {};
  while (!waiting_.empty()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    forward(std::move(next.sender), next.mid, std::move(next.msg));
  }
}

void door::refuse(caf::error why) {
  child_ = nullptr;
  refused_ = std::move(why);
  for (auto& x : std::exchange(waiting_, {}))
    if (x.sender && x.mid.is_request())
      caf::actor_cast<caf::abstract_actor*>(x.sender)->enqueue(ctrl(), x.mid.response_id(),
                                                               caf::make_message(refused_), context());
}

} // namespace weir
