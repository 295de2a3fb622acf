#include "net/io_thread.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <thread>

namespace weir {

namespace {

using turn_clock = std::chrono::steady_clock;

// Bounds of one turn. Large enough that what has been received is gathered before anything is written, small
// enough that a flood of one kind delays the other by a few milliseconds. Each of the two parts ends when its
// time is over: what is left keeps its place and is the first of the next turn.
constexpr std::size_t max_callbacks = 4096;
constexpr std::size_t callbacks_per_look = 8; // between two looks at the clock
constexpr std::size_t max_actor_rounds = 16;
constexpr std::size_t max_messages = 100; // of one actor before the next gets its turn

template <class F>
std::size_t guarded(F&& run) {
  try {
    return run();
  } catch (const std::exception& error) {
    spdlog::error("net.io_thread: a callback failed: {}", error.what());
  } catch (...) {
    spdlog::error("net.io_thread: a callback failed");
  }
  return 1; // something ran
}

} // namespace

struct io_thread::state {
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  std::atomic<std::thread::id> thread{};
  std::atomic<bool> stopping{false};
  std::deque<caf::resumable*> ready; // only touched by this thread

  std::mutex lock; // guards what other threads hand over; bounded by the number of actors
  std::vector<caf::resumable*> handed_over;
};

io_thread::io_thread(caf::actor_system& sys) : io_unit(&sys), state_(std::make_unique<state>()) {}

io_thread::~io_thread() {
  take_handed_over();
  for (auto* x : state_->ready) caf::intrusive_ptr_release(x);
}

void io_thread::run() {
  state_->thread = std::this_thread::get_id();
  while (!state_->stopping) take_turn();
  take_handed_over();
  run_actors(); // exits that were sent before the stop
  guarded([this]() -> std::size_t { return run_hooks(), 0; });
  state_->thread = std::thread::id{};
}

void io_thread::stop() {
  state_->stopping = true;
  boost::asio::post(state_->context, [] {}); // wakes it up
}

void io_thread::take_turn() {
  run_callbacks();
  run_actors();
  guarded([this]() -> std::size_t { return run_hooks(), 0; });
}

void io_thread::run_callbacks() {
  auto& context = state_->context;
  if (state_->ready.empty() && !has_hooks()) guarded([&] { return context.run_one(); });
  auto end = turn_clock::now() + max_part_of_turn;
  for (std::size_t i = 1; i <= max_callbacks; ++i) {
    if (guarded([&] { return context.poll_one(); }) == 0) break;
    if (i % callbacks_per_look == 0 && turn_clock::now() >= end) break;
  }
}

void io_thread::run_actors() {
  auto& ready = state_->ready;
  auto end = turn_clock::now() + max_part_of_turn;
  for (std::size_t round = 0; round < max_actor_rounds && !ready.empty(); ++round)
    for (auto n = ready.size(); n > 0; --n) {
      auto* next = ready.front();
      ready.pop_front();
      resume(next);
      if (turn_clock::now() >= end) return;
    }
}

void io_thread::resume(caf::resumable* what) {
  switch (what->resume(this, max_messages)) {
  case caf::resumable::resume_later:
    state_->ready.push_back(what);
    break;
  case caf::resumable::shutdown_execution_unit:
    break; // has no count of its own
  default:
    caf::intrusive_ptr_release(what);
  }
}

void io_thread::exec_later(caf::resumable* what) {
  if (what->subtype() != caf::resumable::io_actor) {
    system().scheduler().enqueue(what);
    return;
  }
  if (in_thread()) {
    state_->ready.push_back(what);
    return;
  }
  std::unique_lock guard{state_->lock};
  state_->handed_over.push_back(what);
  if (state_->handed_over.size() > 1) return; // whoever came first has posted
  guard.unlock();
  boost::asio::post(state_->context, [this] { take_handed_over(); });
}

void io_thread::take_handed_over() {
  std::vector<caf::resumable*> taken;
  {
    std::lock_guard guard{state_->lock};
    taken.swap(state_->handed_over);
  }
  state_->ready.insert(state_->ready.end(), taken.begin(), taken.end());
}

bool io_thread::in_thread() const noexcept { return state_->thread == std::this_thread::get_id(); }

boost::asio::io_context& io_thread::context() noexcept { return state_->context; }

struct io_threads::runners {
  std::vector<std::thread> threads;
};

io_threads::io_threads(caf::actor_system& sys, std::size_t count)
  : sys_(sys), runners_(std::make_unique<runners>()) {
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i)
    units_.push_back(std::make_unique<io_thread>(sys));
}

io_threads::~io_threads() {
  stop();
  join();
}

void io_threads::start() {
  for (auto& unit : units_)
    runners_->threads.push_back(sys_.launch_thread("weir.io", [&x = *unit] { x.run(); }));
}

void io_threads::stop() {
  for (auto& unit : units_) unit->stop();
}

void io_threads::join() {
  for (auto& x : runners_->threads)
    if (x.joinable()) x.join();
}

} // namespace weir
