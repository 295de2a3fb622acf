#include "actors/calls/chat_call.hpp"

#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <algorithm>
#include <exception>

namespace weir {

namespace {

std::int64_t timeout_for(const model_directory& models, const chat_job& what) {
  if (what.timeout_ms > 0) return what.timeout_ms;
  auto i = models.find(what.model);
  return i == models.end() ? model_config{}.timeout_ms : i->second.config.timeout_ms;
}

std::vector<tool_spec> specs_of(const std::vector<chat_tool>& tools) {
  std::vector<tool_spec> out;
  for (auto& x : tools) out.push_back(x.spec);
  return out;
}

} // namespace

std::shared_ptr<chat_call> chat_call::make(caf::event_based_actor* self,
                                           std::shared_ptr<const model_directory> models, chat_job what,
                                           callbacks then) {
  tool_loop loop{std::move(what.messages), specs_of(what.tools), timeout_for(*models, what), what.bounds};
  return std::shared_ptr<chat_call>{
      new chat_call(self, std::move(models), std::move(loop), std::move(what), std::move(then))};
}

chat_call::chat_call(caf::event_based_actor* self, std::shared_ptr<const model_directory> models,
                     tool_loop loop, chat_job what, callbacks then)
  : self_(self), models_(std::move(models)), loop_(std::move(loop)), what_(std::move(what)),
    then_(std::move(then)) {}

chat_call::~chat_call() {
  if (deadline_timer_) deadline_timer_.dispose();
  for (auto& [number, x] : open_)
    if (x.timer) x.timer.dispose();
}

void chat_call::start() {
  auto keep = shared_from_this();
  act(loop_.begin(now()));
}

void chat_call::cancel() {
  auto keep = shared_from_this();
  if (auto call = model_; call && !call->finished())
    call->cancel(); // ends in its outcome
  else
    act(loop_.on_cancel(now()));
}

caf::actor_clock::time_point chat_call::now() const { return self_->clock().now(); }

void chat_call::act(tool_loop::action next) {
  std::visit([this](auto& x) { act(x); }, next);
}

void chat_call::act(tool_loop::ask& next) {
  if (deadline_timer_) deadline_timer_.dispose();
  model_question what;
  what.number = what_.number << round_bits | loop_.round();
  what.ns = what_.ns;
  what.model = what_.model;
  what.messages = std::move(next.messages);
  what.timeout_ms = next.timeout_ms;
  what.seed = what_.seed;
  what.tools = std::move(next.tools);
  what.options = what_.options;
  model_call::callbacks then;
  then.on_delta = [this, base = loop_.code_points()](std::uint64_t at, const std::string& text) {
    if (then_.on_delta) then_.on_delta(base + at, text);
  };
  then.on_finished = [this](const call_outcome& got) { on_model(got); };
  auto call = model_call::make(self_, *models_, std::move(what), std::move(then));
  model_ = call;
  call->start();
}

void chat_call::act(tool_loop::start& next) {
  deadline_timer_ = self_->run_delayed(loop_.deadline() - now(), [weak = weak_from_this()] {
    if (auto chat = weak.lock()) chat->act(chat->loop_.on_deadline(chat->now()));
  });
  for (auto& x : next.calls) open_[x.number];
  starting_ = true;
  for (auto& x : next.calls) run(x);
  starting_ = false;
  for (auto& [number, result] : std::exchange(early_, {})) on_result(number, std::move(result));
}

void chat_call::act(tool_loop::finish&) {
  if (deadline_timer_) deadline_timer_.dispose();
  stop_tools();
  count();
  auto then = std::exchange(then_, {});
  if (then.on_finished) then.on_finished(loop_.outcome());
}

void chat_call::run(const tool_request& what) {
  auto named = [&what](const chat_tool& x) { return x.spec.name == what.what.name; };
  auto& tool = *std::find_if(what_.tools.begin(), what_.tools.end(), named); // the loop has looked
  if (then_.on_tool) then_.on_tool(what);
  auto weak = weak_from_this();
  auto number = what.number;
  if (auto ms = tool.timeout_ms; ms > 0)
    open_[number].timer = self_->run_delayed(std::chrono::milliseconds{ms}, [weak, number, ms] {
      if (auto chat = weak.lock()) chat->on_tool_timeout(number, ms);
    });
  auto answer = [weak, number](tool_result got) {
    if (auto chat = weak.lock()) chat->on_result(number, std::move(got));
  };
  try {
    auto stop = tool.run(what, answer);
    if (auto i = open_.find(number); i != open_.end()) i->second.stop = std::move(stop);
  } catch (const std::exception& wrong) {
    on_result(number, {wrong.what(), true});
  } catch (...) {
    on_result(number, {"the tool threw something", true});
  }
}

void chat_call::on_model(const call_outcome& got) {
  auto keep = shared_from_this();
  act(loop_.on_model(got, now()));
}

// One that answers at once is heard when all have begun: what follows is not to happen inside of a tool,
// whose exceptions are caught.
void chat_call::on_result(std::uint32_t number, tool_result result) {
  if (starting_) return early_.emplace_back(number, std::move(result)), void();
  auto node = open_.extract(number);
  if (node.empty()) return;
  if (node.mapped().timer) node.mapped().timer.dispose();
  act(loop_.on_result(number, std::move(result), now()));
}

void chat_call::on_tool_timeout(std::uint32_t number, std::int64_t timeout_ms) {
  auto i = open_.find(number);
  if (i == open_.end()) return;
  auto stop = std::move(i->second.stop);
  on_result(number, {"no answer within " + std::to_string(timeout_ms) + " ms", true});
  if (stop) stop();
}

void chat_call::stop_tools() {
  for (auto& [number, x] : std::exchange(open_, {})) {
    if (x.timer) x.timer.dispose();
    if (x.stop) x.stop();
  }
}

// `weir_tool_calls_total` by outcome; `cut` and `exhausted` beside that.
void chat_call::count() const {
  auto add = [this](caf::string_view outcome, std::uint32_t n) {
    if (n == 0) return;
    self_->system()
        .metrics()
        .counter_instance("weir", "tool-calls", {{"outcome", outcome}},
                          "Calls of tools by models, by outcome.", "1", true)
        ->inc(n);
  };
  auto& x = loop_.counted();
  add("done", x.done);
  add("failed", x.failed);
  add("refused", x.refused);
  add("unused", x.unused);
  auto note = [this](caf::string_view name, caf::string_view help, std::uint32_t n) {
    if (n > 0) self_->system().metrics().counter_singleton("weir", name, help, "1", true)->inc(n);
  };
  note("tool-results-cut", "Results of tools that were too long.", x.cut);
  note("tool-rounds-used-up", "Chats whose model had to answer without more tools.", x.exhausted);
}

} // namespace weir
