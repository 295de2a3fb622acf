#pragma once

#include "actors/core/io_unit.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

namespace boost::asio {
class io_context;
} // namespace boost::asio

namespace weir {

/// An I/O thread: owns an Asio context and runs the actors of its sockets, so that reading, deciding and
/// writing need no lock and no hop.
///
/// One turn: the socket callbacks that are ready (it blocks for the first), then the actors that have mail,
/// then the turn hooks. Callbacks and actors of one turn are bounded in number and in time, so that neither
/// starves the other; a socket reads once in a turn (see `ws_session`), so that none starves the others. An
/// exception that leaves a callback is logged and ends nothing.
///
/// Its actors must be gone before it is destroyed, and it must be gone before its actor system.
class io_thread : public io_unit {
public:
  /// How long the callbacks of one turn may take together, and again its actors. One callback or one batch of
  /// an actor's messages is never interrupted.
  static constexpr std::chrono::milliseconds max_part_of_turn{2};

  explicit io_thread(caf::actor_system& sys);
  ~io_thread() override;

  io_thread(const io_thread&) = delete;
  io_thread& operator=(const io_thread&) = delete;

  /// Takes turns on the calling thread until `stop`.
  void run();

  /// Lets `run` return after its current turn. From any thread; before `run`, it returns at once.
  void stop();

  /// Runs an actor of an I/O unit here, from whatever thread this is called; any other is CAF's scheduler's.
  void exec_later(caf::resumable* what) override;

  bool in_thread() const noexcept override;

  /// What sockets and timers of this thread are made with.
  boost::asio::io_context& context() noexcept;

private:
  void take_turn();
  void run_callbacks();
  void run_actors();
  void resume(caf::resumable* what);
  void take_handed_over();

  struct state;
  std::unique_ptr<state> state_;
};

/// The I/O threads of a node: a fixed number, chosen at the start.
class io_threads {
public:
  /// @param count at least 1; 0 counts as 1.
  io_threads(caf::actor_system& sys, std::size_t count);

  /// Stops and joins.
  ~io_threads();

  io_threads(const io_threads&) = delete;
  io_threads& operator=(const io_threads&) = delete;

  /// Starts the threads. Only once.
  void start();

  /// Asks them to end. From any thread, more than once.
  void stop();

  /// Waits until they have ended.
  void join();

  std::size_t size() const noexcept { return units_.size(); }
  io_thread& at(std::size_t index) { return *units_.at(index); }

private:
  struct runners;
  caf::actor_system& sys_;
  std::vector<std::unique_ptr<io_thread>> units_;
  std::unique_ptr<runners> runners_;
};

} // namespace weir
