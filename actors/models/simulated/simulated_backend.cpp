#include "actors/models/simulated/simulated_backend.hpp"

#include "actors/models/simulated/simulated_replies.hpp"
#include "actors/models/simulated/simulated_text.hpp"

#include <caf/disposable.hpp>
#include <caf/scheduled_actor.hpp>

#include <chrono>

namespace weir {

namespace {

using std::chrono::milliseconds;

/// What goes on in one call. A timer that fires keeps it, so that an event may destroy the call it belongs
/// to.
struct script : std::enable_shared_from_this<script> {
  script(caf::scheduled_actor& worker, std::int64_t between_ms, backend_events handlers)
    : self(worker), piece_ms(between_ms), events(std::move(handlers)) {}

  void after(std::int64_t ms, void (script::*what)()) {
    auto weak = weak_from_this();
    timer = self.run_delayed(milliseconds{ms}, [weak, what] {
      auto keep = weak.lock();
      if (keep && !keep->closed) ((*keep).*what)();
    });
  }

  void next_piece() {
    if (next < pieces.size()) events.on_piece(pieces[next++]);
    if (closed) return;
    if (next < pieces.size()) return after(piece_ms, &script::next_piece);
    closed = true;
    auto finish = tool_calls.empty() ? finish_reason::stop : finish_reason::tool_calls;
    events.on_done({{input_tokens, pieces.size() + tool_calls.size()}, tool_calls, finish, {}});
  }

  void fail() {
    closed = true;
    events.on_failed(
        {code::internal, "unavailable", "the simulated model failed, as configured", 0, {}, 0, 0}, true);
  }

  caf::scheduled_actor& self;
  std::int64_t piece_ms;
  backend_events events;
  std::vector<std::string> pieces;
  std::vector<tool_call> tool_calls;
  std::size_t next = 0;
  std::uint64_t input_tokens = 0;
  bool closed = false;
  caf::disposable timer;
};

class simulated_call : public backend_call {
public:
  explicit simulated_call(std::shared_ptr<script> what) : what_(std::move(what)) {}

  ~simulated_call() override {
    what_->closed = true;
    if (what_->timer) what_->timer.dispose();
  }

private:
  std::shared_ptr<script> what_;
};

} // namespace

std::unique_ptr<backend_call> simulated_backend::start(const model_request& what, backend_events events,
                                                       caf::scheduled_actor& self) {
  auto run = std::make_shared<script>(self, settings_.piece_ms, std::move(events));
  auto* reply = matching_reply(settings_.replies, what);
  if (reply == nullptr)
    run->pieces = simulated_answer(what.messages, settings_.seed, settings_.pieces);
  else if (reply->tool.empty())
    run->pieces = go_on_from(what.messages, pieces_of(reply->say, settings_.pieces));
  else
    run->tool_calls.push_back(call_of(*reply, what));
  for (auto& x : what.messages) run->input_tokens += x.content.size() / 4 + 1; // the usual rule of thumb
  auto fails = happens(settings_.error_rate);
  auto hangs = happens(settings_.hang_rate);
  if (!hangs) run->after(settings_.first_piece_ms, fails ? &script::fail : &script::next_piece);
  return std::make_unique<simulated_call>(std::move(run));
}

backend_factory make_simulated_backend(simulated_config settings) {
  return [settings] { return std::make_shared<simulated_backend>(settings); };
}

} // namespace weir
