#include "actors/core/supervisor.hpp"

#include "actors/core/core_type_ids.hpp"
#include "actors/core/door.hpp"
#include "actors/core/error_text.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace weir {

namespace {

bool is_done(const caf::error& reason) { return !reason || reason == caf::exit_reason::user_shutdown; }

} // namespace

supervisor::supervisor(caf::actor_config& cfg, config settings, std::vector<child_spec> children)
  : caf::event_based_actor(cfg), settings_(std::move(settings)),
    ledger_(settings_.intensity, settings_.delays, settings_.seed) {
  for (auto& spec : children) {
    auto front = std::exchange(spec.door, nullptr);
    if (front) link_to(front);
    children_.push_back({std::move(spec), front ? front : spawn<door>(), nullptr});
  }
}

caf::behavior supervisor::make_behavior() {
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  for (auto& x : children_) start(x);
  return {
      [this](door_atom, const std::string& name) -> caf::result<caf::actor> {
        for (auto& x : children_)
          if (x.spec.name == name) return x.door;
        return caf::make_error(caf::sec::invalid_argument, "no child named " + name);
      },
      [this](restart_atom, std::uint64_t first, std::uint64_t last) { restart(first, last); },
      [this](restart_atom, std::uint64_t rest) {
        if (rest == rests_) begin_anew();
      },
      [this](restart_atom) { begin_anew(); },
  };
}

void supervisor::on_exit() {
  // A supervisor takes its children and their doors with it, whatever ends it.
  for (auto& x : children_) {
    if (x.current) caf::anon_send_exit(x.current, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(x.door, caf::exit_reason::user_shutdown);
  }
  children_.clear(); // what their makers hold on to may hold on to this
}

void supervisor::start(child& x) {
  x.restarting = false;
  x.current = x.spec.start(system());
  monitor(x.current);
  send(x.door, door_open_atom_v, x.current);
}

void supervisor::on_down(const caf::down_msg& msg) {
  auto same = [&msg](const child& x) { return x.current && x.current.address() == msg.source; };
  auto i = std::find_if(children_.begin(), children_.end(), same);
  if (i == children_.end()) return; // one that was stopped to be restarted with another
  i->current = nullptr;
  send(i->door, door_close_atom_v);
  if (!is_done(msg.reason)) crashed(static_cast<std::size_t>(i - children_.begin()), msg.reason);
}

void supervisor::crashed(std::size_t index, const caf::error& why) {
  auto& name = children_[index].spec.name;
  if (settings_.observer.on_crash) settings_.observer.on_crash(name, why);
  auto delay = ledger_.on_crash(clock().now());
  if (!delay) {
    escalate(name);
    if (settings_.rests) rest(why);
    return;
  }
  if (settings_.observer.on_restart) settings_.observer.on_restart(name, *delay);
  auto [first, last] = affected(index);
  for (auto i = first; i < last; ++i) stop_for_restart(children_[i]);
  children_[index].restarting = true;
  delayed_send(this, *delay, restart_atom_v, first, last);
}

std::pair<std::uint64_t, std::uint64_t> supervisor::affected(std::size_t index) const {
  switch (settings_.strategy) {
  case restart_strategy::one_for_all:
    return {0, children_.size()};
  case restart_strategy::rest_for_one:
    return {index, children_.size()};
  default:
    return {index, index + 1};
  }
}

void supervisor::stop_for_restart(child& x) {
  if (!x.current) return; // done, or already on its way back
  stop(x);
  x.restarting = true;
}

void supervisor::stop(child& x) {
  if (x.current) {
    demonitor(x.current);
    send_exit(x.current, caf::exit_reason::user_shutdown);
  }
  send(x.door, door_close_atom_v);
  x.current = nullptr;
  x.restarting = false;
}

/// Too many restarts: another one now would end as they did.
void supervisor::rest(const caf::error& why) {
  auto refused = caf::make_error(caf::sec::unavailable_or_would_block, text_of(why));
  for (auto& x : children_) {
    stop(x);
    send(x.door, door_close_atom_v, refused);
  }
  delayed_send(this, settings_.intensity.window, restart_atom_v, ++rests_);
}

void supervisor::begin_anew() {
  ++rests_;
  ledger_.forget();
  for (auto& x : children_) {
    stop(x);
    start(x);
  }
}

void supervisor::restart(std::uint64_t first, std::uint64_t last) {
  for (auto i = first; i < last; ++i)
    if (children_[i].restarting) start(children_[i]);
}

void supervisor::escalate(const std::string& name) {
  if (settings_.observer.on_escalate) settings_.observer.on_escalate(name);
  if (!settings_.rests) quit(caf::make_error(caf::sec::runtime_error, "too many restarts of " + name));
}

} // namespace weir
