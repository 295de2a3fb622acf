#include "net/blocking_threads.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

namespace weir {

namespace {

constexpr std::size_t max_messages = 1; // of one agent before the next gets its turn: each may take long

} // namespace

struct blocking_threads::state {
  state(caf::actor_system& sys, std::size_t limit)
    : limit(std::max<std::size_t>(limit, 1)),
      busy_gauge(sys.metrics().gauge_singleton("weir", "agents-blocking-busy",
                                               "Threads of agents that block which run a handler.")),
      waiting_gauge(sys.metrics().gauge_singleton("weir", "agents-blocking-waiting",
                                                  "Agents that block and wait for one of their threads.")) {
    sys.metrics()
        .gauge_singleton("weir", "agents-blocking-limit", "Threads for agents that block, at most.")
        ->value(static_cast<std::int64_t>(this->limit));
  }

  const std::size_t limit;
  caf::telemetry::int_gauge* busy_gauge;
  caf::telemetry::int_gauge* waiting_gauge;
  boost::asio::io_context queue;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{queue.get_executor()};
  mutable std::mutex mutex;
  std::vector<std::thread> threads;
  std::size_t wanted = 0; // agents that run or wait
};

blocking_threads::blocking_threads(caf::actor_system& sys, std::size_t limit)
  : caf::execution_unit(&sys), state_(std::make_unique<state>(sys, limit)) {}

blocking_threads::~blocking_threads() { stop(); }

void blocking_threads::exec_later(caf::resumable* what) {
  if (what->subtype() != caf::resumable::io_actor) {
    system().scheduler().enqueue(what);
    return;
  }
  auto& x = *state_;
  {
    std::lock_guard guard{x.mutex};
    if (++x.wanted > x.threads.size() && x.threads.size() < x.limit)
      x.threads.push_back(system().launch_thread("weir.blocking", [&x] { x.queue.run(); }));
  }
  x.waiting_gauge->inc();
  boost::asio::post(x.queue, [this, &x, what] {
    x.waiting_gauge->dec();
    x.busy_gauge->inc();
    auto how = what->resume(this, max_messages);
    x.busy_gauge->dec();
    {
      std::lock_guard guard{x.mutex};
      --x.wanted;
    }
    if (how == caf::resumable::resume_later)
      exec_later(what);
    else if (how != caf::resumable::shutdown_execution_unit)
      caf::intrusive_ptr_release(what);
  });
}

void blocking_threads::stop() {
  state_->work.reset();
  for (auto& x : state_->threads)
    if (x.joinable()) x.join();
}

std::size_t blocking_threads::size() const {
  std::lock_guard guard{state_->mutex};
  return state_->threads.size();
}

} // namespace weir
