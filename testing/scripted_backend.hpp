#pragma once

#include "actors/models/backend.hpp"

#include <caf/disposable.hpp>
#include <caf/scheduled_actor.hpp>

#include <chrono>
#include <deque>
#include <optional>

namespace weir::test {

/// What a scripted backend does with one call.
struct script {
  enum class ending { done, fail, hang, crash };

  std::vector<std::string> pieces{};
  ending end = ending::done;
  refusal error{};
  bool retryable = true;
  std::int64_t piece_ms = 10;
  std::optional<token_usage> usage{}; ///< Of an answer; else 3 and the number of pieces.
  std::vector<tool_call> tool_calls{};
  finish_reason finish = finish_reason::stop;
  std::string refusal_text{};

  static script answer(std::vector<std::string> pieces) {
    return {std::move(pieces), ending::done, {}, true, 10, {}};
  }
  /// Says something, perhaps, and then calls these.
  static script call(std::vector<tool_call> tool_calls, std::vector<std::string> pieces = {}) {
    auto out = answer(std::move(pieces));
    out.tool_calls = std::move(tool_calls);
    return out;
  }
  static script hang_after(std::vector<std::string> pieces) {
    return {std::move(pieces), ending::hang, {}, true, 10, {}};
  }
  static script fail_after(std::vector<std::string> pieces, code status, bool retryable,
                           std::int64_t retry_after_ms = 0) {
    return {std::move(pieces), ending::fail, {status, "unavailable", "scripted", retry_after_ms, {}, 0, 0},
            retryable,         10,           {}};
  }
};

/// Does with each call what the next script says, and answers when there is none. Shared with the test.
struct scripted_state {
  std::deque<script> scripts;
  std::vector<model_request> asked;
  int open = 0;                ///< Calls in progress.
  caf::actor_addr last_worker; ///< Who asked last …
  caf::actor_addr last_pool;   ///< … and who had given it the work.
};

class scripted_backend : public backend {
public:
  explicit scripted_backend(std::shared_ptr<scripted_state> state) : state_(std::move(state)) {}

  std::unique_ptr<backend_call> start(const model_request& what, backend_events events,
                                      caf::scheduled_actor& self) override {
    state_->asked.push_back(what);
    state_->asked.back().sink = nullptr; // it would keep who asked, and so the pool, alive for ever
    state_->last_worker = self.address();
    state_->last_pool = caf::actor_cast<caf::actor_addr>(self.current_sender());
    auto next = script::answer({"fine"});
    if (!state_->scripts.empty()) {
      next = std::move(state_->scripts.front());
      state_->scripts.pop_front();
    }
    if (next.end == script::ending::crash) throw std::runtime_error("scripted crash");
    auto run = std::make_shared<running>(running{std::move(next), std::move(events), &self, 0, true});
    step(run);
    return std::make_unique<call>(state_, run);
  }

private:
  struct running {
    script what;
    backend_events events;
    caf::scheduled_actor* self;
    std::size_t next;
    bool open;
  };

  struct call : backend_call {
    call(std::shared_ptr<scripted_state> s, std::shared_ptr<running> r)
      : state(std::move(s)), run(std::move(r)) {
      ++state->open;
    }
    ~call() override {
      --state->open;
      run->open = false;
    }
    std::shared_ptr<scripted_state> state;
    std::shared_ptr<running> run;
  };

  static void step(const std::shared_ptr<running>& run) {
    run->self->run_delayed(std::chrono::milliseconds{run->what.piece_ms}, [run] {
      if (!run->open) return;
      if (run->next < run->what.pieces.size()) {
        run->events.on_piece(run->what.pieces[run->next++]);
        return step(run);
      }
      run->open = run->what.end == script::ending::hang;
      if (run->what.end == script::ending::done)
        run->events.on_done({run->what.usage.value_or(token_usage{3, run->what.pieces.size()}),
                             run->what.tool_calls, run->what.finish, run->what.refusal_text});
      if (run->what.end == script::ending::fail) run->events.on_failed(run->what.error, run->what.retryable);
    });
  }

  std::shared_ptr<scripted_state> state_;
};

} // namespace weir::test
