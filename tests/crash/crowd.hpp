#pragma once

#include "tests/crash/publisher.hpp"
#include "tests/crash/subscriber.hpp"

#include <memory>
#include <thread>

namespace weir::test {

/// Who takes part in a run.
struct cast {
  std::size_t publishers = 4;
  std::size_t workers = 3;
  std::size_t slow_readers = 0;
  traffic publishing;
};

/// All clients of a run, a thread each, and what they have seen.
class crowd {
public:
  /// @param urls of a node, or of the nodes of one cluster.
  crowd(std::vector<std::string> urls, const cast& who, std::uint32_t seed);
  ~crowd();

  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  /// Readers first: once all their subscriptions are answered, the publishers. Throws std::runtime_error when
  /// that takes longer than 20 s.
  void start();

  /// All together. Not with workers: what came before a queue's first one is not for it.
  void start_at_once();

  void note_kill() { kills_.push_back(context_.now()); }

  /// Cuts the connection of one client or another; rarely that of a slow one, which would have nothing to lag
  /// behind with.
  void cut_one(std::mt19937& rng);

  /// Nothing new is published and slow readers are quick; returns when all is answered and nothing has moved
  /// for as long as `quiet`, or after `at_most`.
  void settle(std::chrono::milliseconds quiet, std::chrono::milliseconds at_most);

  /// Ends the clients, reads the log, and gives all that was seen.
  history end();

  /// A line about what took place.
  std::string summary(const history& run) const;

private:
  void launch(resuming_client& x);
  std::vector<resuming_client*> everyone() const; ///< Slow readers last.
  bool all_published() const;

  run_context context_;
  std::size_t slow_readers_;
  std::vector<std::unique_ptr<publisher>> publishers_;
  std::vector<std::unique_ptr<subscriber>> subscribers_;
  std::vector<std::unique_ptr<worker>> workers_;
  std::vector<std::thread> threads_;
  std::vector<moment> kills_;
};

/// Reads a namespace's whole log as a new client. Throws ws_error.
std::vector<logged> read_log(const std::string& url, std::string& epoch, const std::string& ns = "crash");

} // namespace weir::test
