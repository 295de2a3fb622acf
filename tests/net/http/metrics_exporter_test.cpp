#include "net/http/metrics_exporter.hpp"

#include "actors/messages/meta_objects.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <stdexcept>
#include <vector>

using namespace weir;

TEST_CASE("however many ask for the metrics, they are made one at a time and are good for a second",
          "[metrics]") {
  init_meta_objects();
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  std::atomic<int> made{0}, at_once{0}, most{0};
  std::promise<void> begun, go_on;
  auto released = go_on.get_future().share();
  metrics_exporter exporter{sys, [&] {
                              most = std::max<int>(most, ++at_once);
                              if (++made == 1) begun.set_value(), released.wait();
                              --at_once;
                              return "text " + std::to_string(made);
                            }};
  std::vector<std::promise<frame_ptr>> answers(metrics_exporter::max_waiting);
  auto ask = [&](std::promise<frame_ptr>& to) { exporter.ask([&to](frame_ptr x) { to.set_value(x); }); };
  ask(answers[0]);
  begun.get_future().wait();
  for (std::size_t i = 1; i < answers.size(); ++i) ask(answers[i]);
  std::promise<frame_ptr> one_too_many;
  ask(one_too_many);
  CHECK(one_too_many.get_future().get() == nullptr);
  go_on.set_value();
  auto first = answers[0].get_future().get();
  REQUIRE(first);
  for (std::size_t i = 1; i < answers.size(); ++i) CHECK(answers[i].get_future().get() == first);
  CHECK(made == 1);
  CHECK(most == 1);
  exporter.stop();
  std::promise<frame_ptr> late;
  ask(late);
  CHECK(late.get_future().get() == nullptr);
}

TEST_CASE("metrics that cannot be made are told so, and the next are tried again", "[metrics]") {
  init_meta_objects();
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  std::atomic<int> tries{0};
  metrics_exporter exporter{sys, [&]() -> std::string {
                              if (++tries == 1) throw std::runtime_error{"no"};
                              return "text";
                            }};
  for (auto good : {false, true}) {
    std::promise<frame_ptr> answer;
    exporter.ask([&](frame_ptr x) { answer.set_value(x); });
    CHECK((answer.get_future().get() != nullptr) == good);
  }
}
