#pragma once

#include "actors/agents/agent_host.hpp"

#include <caf/response_promise.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>

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
    promise.deliver(std::move(what));
  }

  /// Runs a handler or continuation of the author's. If it throws, the work is not done.
  template <class F>
  void run(F&& f) {
    try {
      f();
    } catch (...) {
      abandoned = true;
      throw; // CAF ends the actor; its supervisor takes it from there
    }
  }

  agent_host* host;
  std::shared_ptr<const bool> alive; ///< False once the host is gone: then nothing is settled.
  std::uint64_t seq;                 ///< Of the event, or of the call's event; 0: a timer's.
  std::string origin;                ///< What the ids of all that it emits begin with.
  std::uint32_t attempt;
  std::uint32_t emitted = 0;
  std::uint32_t called = 0;
  std::uint32_t tools_called = 0; ///< Agents as tools: `<origin>.t1`, `<origin>.t2` …
  std::optional<std::chrono::steady_clock::time_point> deadline; ///< Of the call.
  std::set<std::uint64_t> asks;      ///< Numbers of its questions to models that are in flight …
  std::set<std::uint64_t> sub_calls; ///< … and of its calls.
  bool is_call = false;
  bool answered = false;
  bool abandoned = false; ///< Its handler threw: it is the namespace's again.
  caf::response_promise promise;
};

} // namespace weir
