#pragma once

#include "benchmarks/load/generator/address.hpp"
#include "benchmarks/load/generator/client.hpp"
#include "benchmarks/load/generator/dialect.hpp"
#include "benchmarks/load/latencies.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace weir::bench {

/// Who hears what becomes of the pool's clients.
class pool_listener {
public:
  virtual ~pool_listener() = default;
  virtual void on_ready(client&) {} ///< Again after each reconnect.
  virtual void on_delivery(client&, std::string_view, std::uint64_t, std::int64_t) {}
  virtual void on_accepted(client&, const event_name&) {}
  virtual void on_refused(client&, const event_name&, int, std::string_view) {}
  virtual void on_lost(client&) {} ///< A client that was ready has no socket any more.
};

struct pool_settings {
  std::vector<address> targets;
  std::vector<std::string> namespaces;
  std::string id_prefix;
  std::uint32_t source_base = 0; ///< First source address, host order; used for targets on loopback.
  std::uint32_t sources = 1;
  std::size_t in_progress = 256; ///< Handshakes at once; the others wait.
  bool reconnect = false;        ///< Clients whose socket ends come back.
  std::int64_t reconnect_jitter_ms = 100;
};

/// What has happened to the pool's connections so far.
struct pool_figures {
  latencies handshake_ns; ///< From the connect to ready, of the attempt that worked.
  latencies wait_ns;      ///< The same from the first attempt on.
  std::uint64_t attempts = 0;
  std::uint64_t refused_503 = 0;
  std::uint64_t failed_attempts = 0; ///< Neither ready nor a 503.
  std::uint64_t lost = 0;            ///< Ready ones whose socket ended without our doing.
  std::uint64_t drained = 0;         ///< Asked to go elsewhere.
  std::uint64_t reconnects = 0;
  std::uint64_t recovered = 0; ///< Of those, the ones that the server gave all they missed.
  std::map<std::string, std::uint64_t, std::less<>> notices;

  bool nobody_answers(std::size_t ready) const { return ready + refused_503 == 0 && failed_attempts > 0; }
};

/// All clients of one process: sockets, epoll, upgrades, retries. One thread; nothing happens outside `turn`
/// and the calls below.
class pool : dialect_sink {
public:
  pool(pool_settings settings, const dialect& speaks, pool_listener& listener);
  ~pool() override;
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;

  /// A client that is not connected yet. References are good until the next `add`.
  client& add();
  client& at(std::uint32_t number) { return clients_[number]; }
  std::size_t size() const noexcept { return clients_.size(); }

  /// Connects as soon as there is room among the handshakes in progress, but not before that long.
  void connect(client& x, std::int64_t delay_ns = 0);

  /// Closes the socket as if the client had died, and nothing more.
  void cut(client& x);

  /// Sends frames; what the socket has no room for waits in `out`.
  void send(client& x, std::string_view frames);

  /// Stops reading the socket, or reads on.
  void set_reading(client& x, bool on);

  /// Reads exactly one frame of a client that has stopped reading, if there is one.
  void read_one_frame(client& x);

  /// Calls `what` in the `turn` after that time.
  void call_at(std::int64_t at_ns, std::function<void()> what);

  /// Takes what has happened on some sockets; waits for it until that time at most.
  void turn(std::int64_t until_ns);

  std::size_t ready() const noexcept { return ready_; }
  endpoint endpoint_of(const client& x) const;
  pool_figures& figures() noexcept { return figures_; }
  const pool_settings& settings() const noexcept { return settings_; }

private:
  struct timer {
    std::int64_t at_ns;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const timer& other) const {
      return std::pair(other.at_ns, other.order) < std::pair(at_ns, order); // the earliest on top
    }
  };

  // -- dialect_sink: of `current_`
  void send(ws_op op, std::string_view payload) override;
  void on_ready() override;
  void on_session(std::string_view token, bool recovered) override;
  void on_position(std::uint64_t seq) override;
  void on_delivery(std::string_view body, std::uint64_t seq) override;
  void on_accepted(const event_name& what) override;
  void on_refused(const event_name& what, int code, std::string_view reason) override;
  void on_drain(std::int64_t delay_ms) override;
  void on_notice(std::string_view name) override;

  // -- connecting
  void start_waiting();
  void begin(client& x);
  void on_connected(client& x);
  void on_upgrade_bytes(client& x, std::string_view bytes);
  void attempt_over(client& x, std::int64_t again_in_ns);
  void end(client& x);
  void go_elsewhere(client& x);
  void close_socket(int& fd);
  std::uint32_t source_of(const client& x, const address& to) const;

  // -- reading and writing
  void on_socket(client& x, std::uint32_t events);
  void read(client& x);
  void take_bytes(client& x, std::string_view bytes);
  bool take_frame(client& x, const ws_frame& frame);
  void take_message(client& x, std::string_view payload);
  void flush(client& x);
  void watch(client& x, int how);
  bool run_timers(std::int64_t now);
  std::int64_t wait(std::int64_t until_ns);

  pool_settings settings_;
  const dialect& dialect_;
  pool_listener& listener_;
  int epoll_ = -1;
  int timer_fd_ = -1;
  std::int64_t timer_set_ns_ = 0;
  std::vector<client> clients_;
  std::deque<std::uint32_t> waiting_; // for room among the handshakes in progress
  std::size_t in_progress_ = 0;
  std::size_t ready_ = 0;
  std::priority_queue<timer> timers_;
  std::uint64_t timers_made_ = 0;
  std::vector<char> buffer_; // shared by all
  std::string frame_;
  client* current_ = nullptr; // whose bytes the dialect looks at
  std::int64_t read_ns_ = 0;
  std::mt19937_64 random_{1};
  pool_figures figures_;
};

/// Lets the process have as many sockets as the system allows it.
void raise_descriptor_limit();

} // namespace weir::bench
