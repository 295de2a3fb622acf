#include "net/http/metrics_exporter.hpp"

#include <caf/actor_system.hpp>
#include <spdlog/spdlog.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace weir {

struct metrics_exporter::state {
  explicit state(std::function<std::string()> f) : make(std::move(f)) {}

  void run() {
    frame_ptr text;
    std::chrono::steady_clock::time_point made{};
    for (;;) {
      std::vector<std::function<void(frame_ptr)>> callers;
      {
        std::unique_lock guard{lock};
        called.wait(guard, [this] { return stopping || !waiting.empty(); });
        if (stopping) return;
      }
      if (!text || std::chrono::steady_clock::now() - made >= max_age) {
        text = made_text();
        made = std::chrono::steady_clock::now();
      }
      {
        std::lock_guard guard{lock};
        callers.swap(waiting); // those who came meanwhile, too
      }
      for (auto& x : callers) x(text);
    }
  }

  frame_ptr made_text() const {
    try {
      return std::make_shared<const std::string>(make());
    } catch (const std::exception& error) {
      spdlog::error("metrics.failed: {}", error.what());
      return nullptr;
    }
  }

  std::function<std::string()> make;
  std::mutex lock; // guards what follows
  std::condition_variable called;
  std::vector<std::function<void(frame_ptr)>> waiting; // at most `max_waiting`
  bool stopping = false;
  std::thread thread;
};

metrics_exporter::metrics_exporter(caf::actor_system& sys, std::function<std::string()> make)
  : state_(std::make_unique<state>(std::move(make))) {
  state_->thread = sys.launch_thread("weir.metrics", [x = state_.get()] { x->run(); });
}

metrics_exporter::~metrics_exporter() { stop(); }

void metrics_exporter::stop() {
  if (!state_->thread.joinable()) return;
  {
    std::lock_guard guard{state_->lock};
    state_->stopping = true;
  }
  state_->called.notify_one();
  state_->thread.join();
  for (auto& x : std::exchange(state_->waiting, {})) x(nullptr);
}

void metrics_exporter::ask(std::function<void(frame_ptr)> done) {
  {
    std::lock_guard guard{state_->lock};
    if (!state_->stopping && state_->waiting.size() < max_waiting) {
      state_->waiting.push_back(std::move(done));
      done = nullptr;
    }
  }
  if (done) return done(nullptr);
  state_->called.notify_one();
}

} // namespace weir
