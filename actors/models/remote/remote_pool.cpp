#include "actors/models/remote/remote_pool.hpp"

#include "actors/models/pool_supervision.hpp"

#include <caf/actor_clock.hpp>
#include <caf/behavior.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

namespace weir {

using std::chrono::milliseconds;

namespace {

constexpr std::uint64_t fixed_bytes = 128; // of a message's frame, and of each text's length

std::uint64_t size_of(const model_request& x) {
  auto out = fixed_bytes + x.ns.size();
  for (auto& m : x.messages) {
    out += fixed_bytes + m.role.size() + m.content.size();
    for (auto& c : m.tool_calls) out += c.id.size() + c.name.size() + c.arguments.size();
  }
  for (auto& t : x.tools) out += t.name.size() + t.description.size() + t.parameters.size();
  for (auto& text : x.options.stop) out += text.size();
  out += x.options.response_format.size();
  return out;
}

refusal unavailable(std::string why, std::int64_t retry_after_ms = 0) {
  return {code::unavailable, "unavailable", std::move(why), retry_after_ms, {}, 0, 0};
}

} // namespace

remote_pool::remote_pool(caf::actor_config& cfg, model_config settings, remote_links::bounds limits,
                         known_ports known)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), metrics_(system(), settings_.name),
    links_(limits), ports_(std::move(known)) {}

caf::behavior remote_pool::make_behavior() {
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  for (auto& [node, port] : *ports_) add(node, port);
  metrics_.show(links_);
  return {
      [this](permit& place, model_request& what) { take(place, what); },
      [this](model_cancel_atom, std::uint64_t id) {
        cancel(caf::actor_cast<caf::actor_addr>(current_sender()), id);
      },
      [this](const pool_places& what) { learn(what); },
      [this](const model_receipt& x) { on(x); },
      [this](const model_piece& x) { on(x); },
      [this](model_done& x) { on(x); },
      [this](model_failed& x) { on(x); },
  };
}

void remote_pool::on_exit() {
  for (auto number : calls_.all()) {
    auto& x = calls_.find(number)->what;
    auto why = unavailable("the pool of model " + settings_.name + " ended");
    caf::anon_send(x.sink, model_failed{x.id, std::move(why), true});
  }
  calls_ = {}; // places in the inbox, and callers
  ports_ = nullptr;
  metrics_.show_nothing();
}

// -- callers

void remote_pool::take(permit& place, model_request& what) {
  if (!what.sink) return; // nobody would hear the answer
  remote_call x;
  auto timeout_ms =
      what.timeout_ms > 0 ? std::min(what.timeout_ms, settings_.timeout_ms) : settings_.timeout_ms;
  x.deadline = clock().now() + milliseconds{timeout_ms};
  x.what = std::move(what);
  x.place = std::move(place);
  pass_on(std::move(x));
}

void remote_pool::cancel(const caf::actor_addr& sink, std::uint64_t id) {
  if (auto number = calls_.number_of(sink, id)) give_up(*number);
}

void remote_pool::pass_on(remote_call x) {
  auto now = clock().now();
  auto bytes = size_of(x.what);
  auto to = links_.choose(key_of(x.what), bytes, x.asked, now);
  if (auto* no = std::get_if<remote_links::verdict>(&to)) return refuse(std::move(x), *no);
  if (links_.unanswered() == 0) drain_.on_busy(now);
  x.number = ++last_number_;
  x.asked.push_back(std::get<std::string>(std::move(to)));
  links_.on_sent(x.node(), x.number, bytes, now);
  auto left_ms = std::max(std::chrono::ceil<milliseconds>(x.deadline - now), milliseconds{1}).count();
  send(ports_->at(x.node()),
       model_request{x.number, x.what.ns, x.what.messages, left_ms, this, x.what.tools, x.what.options});
  if (!calls_.knows_sink(x.what.sink.address())) monitor(x.what.sink);
  auto answer_by = x.deadline + answer_grace;
  calls_.add(std::move(x), answer_by);
  arm_deadline();
  watch_silence();
  metrics_.show(links_);
}

std::string remote_pool::key_of(const model_request& x) const { return settings_.name + '/' + x.ns; }

void remote_pool::refuse(remote_call x, remote_links::verdict why) {
  auto no = std::move(x.last_no);
  if (why == remote_links::verdict::no_node)
    no = unavailable("no node of the cluster runs the model " + settings_.name, retry_after_ms);
  else if (why == remote_links::verdict::full)
    no = {code::too_many,
          "link_full",
          "the nodes that run the model " + settings_.name + " have all the requests that they may have",
          drain_.on_refused(clock().now(), links_.limits().unanswered),
          "link",
          links_.unanswered(),
          links_.nodes() * links_.limits().unanswered};
  else if (!no.refused())
    no = unavailable("no node that runs the model " + settings_.name + " answers", retry_after_ms);
  metrics_.on_refused(no.reason);
  send(x.what.sink, model_failed{x.what.id, std::move(no), true, true});
}

void remote_pool::fail(const remote_call& x, refusal why) {
  send(x.what.sink, model_failed{x.what.id, std::move(why), true});
}

// -- nodes

void remote_pool::on(const model_receipt& x) {
  links_.on_word(x.id);
  metrics_.show(links_);
}

void remote_pool::on(const model_piece& x) {
  links_.on_word(x.id);
  auto* call = calls_.find(x.id);
  if (call == nullptr) return; // it was given up
  if (!std::exchange(call->begun, true)) {
    call->place.release();
    call->what.messages.clear();
    drain_.on_done(clock().now());
  }
  send(call->what.sink, model_piece{call->what.id, x.text, x.queued_ms});
}

void remote_pool::on(model_done& x) {
  links_.on_word(x.id);
  if (auto call = let_go(x.id)) {
    x.id = call->what.id;
    send(call->what.sink, std::move(x));
  }
}

void remote_pool::on(model_failed& x) {
  links_.on_word(x.id);
  auto call = let_go(x.id);
  if (!call) return;
  if (x.refused && !call->begun) {
    metrics_.on_passed_on("refused");
    call->last_no = std::move(x.error);
    return pass_on(std::move(*call));
  }
  x.id = call->what.id;
  send(call->what.sink, std::move(x));
}

void remote_pool::learn(const pool_places& what) {
  std::map<std::string, caf::actor> now;
  for (auto& x : what.all)
    if (x.model == settings_.name && x.port) now[x.node] = x.port;
  for (auto& [node, port] : now) {
    auto i = ports_->find(node);
    if (i != ports_->end() && i->second == port) continue;
    if (i != ports_->end()) lose(node); // it was started again
    add(node, port);
  }
  for (auto& x : what.all)
    if (x.retiring && now.count(x.node) > 0) links_.retire(x.node);
  std::vector<std::string> gone;
  for (auto& [node, port] : *ports_)
    if (now.count(node) == 0) gone.push_back(node);
  for (auto& node : gone) lose(node);
  metrics_.show(links_);
}

void remote_pool::add(const std::string& node, const caf::actor& port) {
  (*ports_)[node] = port;
  links_.add(node);
  monitor(port);
}

void remote_pool::on_down(const caf::down_msg& msg) {
  for (auto& [node, port] : *ports_)
    if (port.address() == msg.source) return lose(std::string{node});
  for (auto number : calls_.of_sink(msg.source)) give_up(number);
}

// What had not begun goes to another node, since nobody has seen anything of it.
void remote_pool::lose(const std::string& node) {
  demonitor(ports_->at(node));
  ports_->erase(node);
  links_.remove(node);
  for (auto number : calls_.at(node)) {
    auto x = let_go(number);
    if (!x->begun) {
      metrics_.on_passed_on("gone");
      pass_on(std::move(*x));
      continue;
    }
    metrics_.on_lost();
    fail(*x, unavailable("the node " + node + ", which ran the model " + settings_.name + ", is gone"));
  }
  metrics_.show(links_);
}

// -- the end of an attempt

std::optional<remote_call> remote_pool::let_go(std::uint64_t number) {
  links_.on_over(number);
  auto out = calls_.remove(number);
  if (!out) return out;
  auto sink = out->what.sink.address();
  if (!calls_.knows_sink(sink)) demonitor(sink);
  metrics_.show(links_);
  return out;
}

std::optional<remote_call> remote_pool::give_up(std::uint64_t number) {
  auto out = let_go(number);
  if (out)
    if (auto i = ports_->find(out->node()); i != ports_->end()) send(i->second, model_cancel_atom_v, number);
  return out;
}

void remote_pool::arm_deadline() {
  auto next = calls_.next_deadline();
  if (!next || (timer_at_ && *timer_at_ <= *next)) return;
  timer_at_ = next;
  run_delayed(*next - clock().now(), [this] { on_deadline(); });
}

void remote_pool::on_deadline() {
  auto now = clock().now();
  if (timer_at_ && *timer_at_ <= now) timer_at_ = std::nullopt;
  for (auto number : calls_.take_due(now))
    if (auto x = give_up(number))
      fail(*x, {code::deadline,
                "deadline",
                "the node " + x->node() + " has not answered for model " + settings_.name,
                0,
                {},
                0,
                0});
  arm_deadline();
}

void remote_pool::watch_silence() {
  if (!links_.has_unread() || std::exchange(watches_silence_, true)) return;
  run_delayed(links_.limits().silence, [this] {
    watches_silence_ = false;
    leave_the_silent();
    watch_silence();
  });
}

// An attempt that a node has not read is asked for elsewhere, where there is another one.
void remote_pool::leave_the_silent() {
  auto now = clock().now();
  for (auto number : links_.unread_too_long(now)) {
    auto* x = calls_.find(number);
    if (x == nullptr || !links_.choose_awake(key_of(x->what), size_of(x->what), x->asked, now)) continue;
    metrics_.on_passed_on("silent");
    pass_on(*give_up(number));
  }
}

pool_handle make_remote_pool(caf::actor_system& sys, model_config config, remote_links::bounds limits) {
  auto known = std::make_shared<std::map<std::string, caf::actor>>();
  auto start = [config, limits, known](caf::actor_system& system) {
    return system.spawn<remote_pool>(config, limits, known);
  };
  return supervise_pool(sys, std::move(config), std::move(start));
}

} // namespace weir
