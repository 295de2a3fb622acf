#include "net/handler_watchdog.hpp"

#include "net/io_thread.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/metric_registry.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>

namespace weir {

struct handler_watchdog::state : std::enable_shared_from_this<state> {
  state(caf::actor_system& sys, io_thread& unit, std::chrono::milliseconds limit)
    : sys(sys), unit(unit), limit(limit),
      every(std::clamp(limit / 4, std::chrono::milliseconds{10}, std::chrono::milliseconds{250})),
      timer(std::make_unique<boost::asio::steady_timer>(unit.context())),
      now_overdue(sys.metrics().gauge_singleton("weir", "agents-handlers-overdue",
                                                "Handlers of agents that run for longer than "
                                                "node.handler_warn_ms now.")) {}

  void wait() {
    timer->expires_after(every);
    timer->async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (error || self->stopped) return;
      self->look();
      self->wait();
    });
  }

  void look() {
    auto all = take();
    now_overdue->value(static_cast<std::int64_t>(all.size()));
    for (auto& x : all) {
      if (!x.is_new) continue;
      sys.metrics()
          .counter_instance("weir", "agents-slow-handlers", {{"agent", x.agent}, {"namespace", x.ns}},
                            "Handlers of agents that ran for longer than node.handler_warn_ms.", "1", true)
          ->inc();
      spdlog::warn("namespace {}", describe(x));
    }
  }

  std::vector<overdue_handler> take() {
    std::lock_guard guard{mutex};
    return agents.overdue(limit, std::chrono::steady_clock::now());
  }

  caf::actor_system& sys;
  io_thread& unit;
  std::chrono::milliseconds limit;
  std::chrono::milliseconds every;
  std::unique_ptr<boost::asio::steady_timer> timer; // null once it has been stopped
  caf::telemetry::int_gauge* now_overdue;
  std::mutex mutex;
  watched_agents agents;
  std::atomic<bool> stopped{false};
};

handler_watchdog::handler_watchdog(caf::actor_system& sys, io_thread& unit, std::chrono::milliseconds limit)
  : state_(std::make_shared<state>(sys, unit, limit)) {
  boost::asio::post(unit.context(), [x = state_] {
    if (x->timer) x->wait();
  });
}

handler_watchdog::~handler_watchdog() { stop(); }

void handler_watchdog::add(std::weak_ptr<const watched_agent> what) {
  std::lock_guard guard{state_->mutex};
  state_->agents.add(std::move(what));
}

std::vector<std::string> handler_watchdog::overdue() {
  std::vector<std::string> out;
  for (auto& x : state_->take()) out.push_back(describe(x));
  return out;
}

void handler_watchdog::stop() {
  if (state_->stopped.exchange(true)) return;
  std::promise<void> done;
  boost::asio::post(state_->unit.context(), [&] {
    state_->timer.reset();
    done.set_value();
  });
  done.get_future().wait();
}

} // namespace weir
