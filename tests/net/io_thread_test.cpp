#include "net/io_thread.hpp"

#include "actors/messages/meta_objects.hpp"
#include "actors/messages/type_ids.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <future>
#include <optional>
#include <stdexcept>
#include <thread>

using namespace weir;

namespace {

/// Counts what it gets, and what it gets on a wrong thread.
struct tally {
  std::atomic<std::thread::id> thread{};
  std::atomic<int> right{0};
  std::atomic<int> wrong{0};
  std::atomic<int> turns{0};

  void mark() { ++(thread.load() == std::this_thread::get_id() ? right : wrong); }
};

class counting_actor : public io_actor, public turn_hook {
public:
  counting_actor(caf::actor_config& cfg, io_unit& unit, tally& counts, int expected, std::promise<void>& done)
    : io_actor(cfg, unit), counts_(counts), expected_(expected), done_(done) {}

  caf::behavior make_behavior() override {
    counts_.mark();
    return {[this](tick_atom) {
      counts_.mark();
      unit().at_turn_end(*this);
      if (++got_ == expected_) done_.set_value();
    }};
  }

  void on_turn_end() override {
    counts_.mark();
    ++counts_.turns;
  }

  void on_exit() override {
    counts_.mark();
    unit().forget(*this);
  }

private:
  tally& counts_;
  int expected_;
  int got_ = 0;
  std::promise<void>& done_;
};

struct live_system {
  live_system() { sys.emplace(cfg); }
  struct init {
    init() { init_meta_objects(); }
  } init_first;
  caf::actor_system_config cfg;
  std::optional<caf::actor_system> sys;
};

/// Waits until the thread has done all that was posted so far.
void sync(io_thread& x) {
  std::promise<void> done;
  boost::asio::post(x.context(), [&] { done.set_value(); });
  done.get_future().wait();
}

} // namespace

TEST_CASE("an actor's handlers and the socket callbacks of its I/O thread run on one thread") {
  live_system live;
  io_threads threads{*live.sys, 2};
  threads.start();
  auto& unit = threads.at(1);
  tally counts;
  {
    std::promise<std::thread::id> id;
    boost::asio::post(unit.context(), [&] { id.set_value(std::this_thread::get_id()); });
    counts.thread = id.get_future().get();
  }
  constexpr int senders = 4, each = 500;
  std::promise<void> done;
  auto actor = live.sys->spawn<counting_actor>(std::ref(static_cast<io_unit&>(unit)), std::ref(counts),
                                               senders * each, std::ref(done));
  std::vector<std::thread> crowd;
  for (int i = 0; i < senders; ++i)
    crowd.emplace_back([&] {
      for (int n = 0; n < each; ++n) {
        caf::anon_send(actor, tick_atom_v);
        boost::asio::post(unit.context(), [&] { counts.mark(); });
      }
    });
  for (auto& x : crowd) x.join();
  done.get_future().wait();
  sync(unit);
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  actor = nullptr;
  live.sys->await_all_actors_done();
  sync(unit);
  CHECK(counts.wrong == 0);
  CHECK(counts.turns > 0);
  CHECK(counts.right >= 2 * senders * each + 2);
}

TEST_CASE("a callback that throws does not end its I/O thread") {
  live_system live;
  io_threads threads{*live.sys, 1};
  threads.start();
  boost::asio::post(threads.at(0).context(), [] { throw std::runtime_error("as the test wants it"); });
  sync(threads.at(0));
  CHECK_FALSE(threads.at(0).in_thread());
}
