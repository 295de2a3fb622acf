#pragma once

#include "net/client/ws_client.hpp"
#include "tests/crash/history.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <vector>

namespace weir::test {

using json = nlohmann::json;

/// What all clients of a run share.
struct run_context {
  std::string ns = "crash";
  std::vector<std::string> urls; ///< Nodes of one cluster: a client goes on to the next when it loses one.
  std::atomic<bool> draining{false}; ///< No new events; readers catch up.
  std::atomic<bool> stopping{false};
  std::atomic<moment> last_progress{0};

  moment now() const {
    using namespace std::chrono;
    return duration_cast<microseconds>(steady_clock::now() - begin_).count();
  }
  void progress() { last_progress = now(); }

private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// What two events must have in common to be the same, from a frame that holds one.
content_hash content_of(const json& frame);

/// A client that loses its connection all the time and takes its session up again. `run` is a thread's body.
class resuming_client {
public:
  resuming_client(run_context& context, std::string client_id, std::uint32_t seed,
                  std::size_t receive_buffer_bytes = ws_client::default_receive_buffer_bytes);
  virtual ~resuming_client() = default;

  /// Until the run stops.
  void run();

  /// Ends the socket without a word, at the client's next turn.
  void cut() { cut_wanted_ = true; }

  const std::string& client_id() const noexcept { return client_id_; }
  const std::vector<std::string>& faults() const noexcept { return faults_; }
  std::size_t resumes() const noexcept { return resumes_; }

protected:
  /// A new connection is welcomed.
  virtual void on_welcome(const json& welcome) = 0;
  virtual void on_frame(const json& frame) = 0;

  /// What there is to do while connected, besides taking frames.
  virtual void turn() {}

  /// Whether it takes frames now.
  virtual bool is_reading() const { return true; }

  /// The connection is over; `at`: when it was cut here, or last heard from.
  virtual void on_lost(moment) {}

  /// The newest event that the session has seen.
  virtual std::uint64_t last_seq() const { return 0; }

  /// The history that this is a position in; empty: the client does not say.
  virtual std::string last_epoch() const { return {}; }

  /// Whether it wants to be connected now.
  virtual bool is_present() const { return true; }

  void send(const json& frame) { socket_.send(frame.dump()); }

  /// Leaves for good: the next connection is a new session.
  void leave();

  void fault(const std::string& what) { faults_.push_back(client_id_ + ": " + what); }

  /// Whether an error means that the same can be asked later; else it is a fault.
  bool is_passing(const json& error);

  moment connection_began() const noexcept { return began_; }
  const std::string& session() const noexcept { return session_; }
  void set_session(std::string token) { session_ = std::move(token); }
  std::uint64_t random(std::uint64_t below) { return rng_() % below; }

  run_context& context_;

private:
  bool connect();
  bool hello();
  void talk();
  void lost(moment at);
  void rest(std::uint64_t at_most_ms);

  std::string client_id_;
  std::mt19937 rng_;
  std::size_t receive_buffer_bytes_;
  ws_client socket_;
  std::string session_;
  bool connected_ = false;
  moment began_ = 0;
  moment last_heard_ = 0;
  std::size_t resumes_ = 0;
  std::size_t target_ = 0; // where it connects next, of the URLs
  std::atomic<bool> cut_wanted_{false};
  std::vector<std::string> faults_;
};

} // namespace weir::test
