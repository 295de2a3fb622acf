#pragma once

#include "actors/agents/agent_host.hpp"
#include "actors/agents/refused.hpp"

#include <caf/response_promise.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace weir {

/// What the copies of a task share. Its end is the end of the work.
struct task_core {
  task_core(agent_host* host, std::shared_ptr<const bool> alive, std::uint64_t seq, std::uint32_t attempt)
    : host(host), alive(std::move(alive)), seq(seq), origin(std::to_string(seq)), attempt(attempt) {}

  ~task_core() {
    if (!*alive || abandoned) return;
    if (is_call) {
      answer({"null", {code::internal, "failed", "the agent gave no answer", 0, {}, 0, 0}});
      host->forget(origin);
    } else if (seq > 0) {
      host->settle(seq);
    }
  }

  void answer(agent_reply what) {
    if (!is_call || answered) return;
    answered = true;
    what.usage = usage;
    promise.deliver(std::move(what));
  }

  /// Runs a handler or continuation of the author's. If it throws, the task has failed, and nothing more of
  /// it runs; the agent goes on with its others. One that is called by another one is part of it.
  template <class F>
  void run(handler_kind what, F&& f) {
    if (abandoned || !*alive) return;
    if (running) return f();
    running = true;
    host->enter(what, *this);
    std::optional<refusal> error;
    try {
      f();
    } catch (const task_refused& x) {
      error = x.why();
    } catch (const std::exception& x) {
      error = agent_host::thrown(x.what());
    } catch (...) {
      error = agent_host::thrown("what was thrown is no std::exception");
    }
    running = false;
    host->leave();
    if (error) host->fail(*this, what, std::move(*error));
  }

  template <class F>
  void run(F&& f) {
    run(handler_kind::continuation, std::forward<F>(f));
  }

  agent_host* host;
  std::shared_ptr<const bool> alive; ///< False once the host is gone: then nothing is settled.
  std::uint64_t seq;                 ///< Of the event, or of the call's event; 0: a timer's.
  std::string origin;                ///< What the ids of all that it emits begin with.
  std::string event_id;              ///< Of the event or the call; empty: a timer's.
  std::uint32_t attempt;
  std::uint32_t hops = 0; ///< Of the event.
  std::uint32_t emitted = 0;
  std::uint32_t called = 0;
  std::uint32_t tools_called = 0; ///< Agents as tools: `<origin>.t1`, `<origin>.t2` …
  std::optional<std::chrono::steady_clock::time_point> deadline; ///< Of the call.
  std::set<std::uint64_t> asks;      ///< Numbers of its questions to models that are in flight …
  std::set<std::uint64_t> sub_calls; ///< … and of its calls.
  token_usage usage;                 ///< Of the models that it has asked so far.
  bool is_call = false;
  bool is_private = false; ///< The event is for one client.
  bool answered = false;
  bool running = false;   ///< A handler or continuation of it is on the stack.
  bool abandoned = false; ///< Its handler threw: it is the namespace's again.
  caf::response_promise promise;
};

} // namespace weir
