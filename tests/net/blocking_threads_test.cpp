#include "net/blocking_threads.hpp"

#include "actors/messages/meta_objects.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

using namespace weir;

namespace {

/// What the actors below meet in.
struct meeting {
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
};

/// Waits in its handler, on the threads of its unit.
class waiter : public caf::event_based_actor {
public:
  waiter(caf::actor_config& cfg, caf::execution_unit& unit, std::shared_ptr<meeting> where)
    : caf::event_based_actor(cfg), unit_(unit), where_(std::move(where)) {}

  using caf::event_based_actor::enqueue;
  bool enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    return caf::event_based_actor::enqueue(std::move(what), &unit_);
  }
  void launch(caf::execution_unit*, bool lazy, bool hide) override {
    caf::event_based_actor::launch(&unit_, lazy, hide);
  }
  subtype_t subtype() const override { return caf::resumable::io_actor; }

  caf::behavior make_behavior() override {
    return {[this](int x) {
      auto inside = ++where_->inside;
      for (auto most = where_->most.load();
           most < inside && !where_->most.compare_exchange_weak(most, inside);)
        ;
      where_->gone.wait();
      --where_->inside;
      quit();
      return x + 1;
    }};
  }

private:
  caf::execution_unit& unit_;
  std::shared_ptr<meeting> where_;
};

} // namespace

TEST_CASE("many agents that block share so many threads, and each has its turn") {
  init_meta_objects();
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  auto where = std::make_shared<meeting>();
  blocking_threads threads{sys, 4};
  {
    caf::scoped_actor self{sys};
    std::vector<caf::actor> all;
    for (int i = 0; i < 200; ++i) all.push_back(sys.spawn<waiter>(threads, where));
    for (int i = 0; i < 200; ++i) self->send(all[static_cast<std::size_t>(i)], i);
    while (where->inside < 4) std::this_thread::yield();
    CHECK(threads.size() == 4);
    where->go.set_value();
    std::size_t answers = 0;
    self->receive_while([&] { return answers < all.size(); })([&](int) { ++answers; });
    CHECK(answers == all.size());
  }
  CHECK(where->most == 4);
}
