#include "net/http/metrics_exporter.hpp"
#include "net/http/metrics_text.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/histogram.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <atomic>
#include <future>

using namespace weir;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("metrics are told in Prometheus' format, without a time of their own", "[metrics]") {
  caf::telemetry::metric_registry registry;
  registry.counter_singleton("weir", "swept-keys", "What was freed.")->inc(3);
  registry.counter_singleton("weir", "calls", "Calls.", "1", true)->inc();
  registry.gauge_instance("weir.net", "depth", {{"who", "a\"b\\c\nd\xff"}}, "Line\nbreak.")->value(-2);
  registry.gauge_singleton<double>("weir", "share", "A share.")->value(0.5);
  registry.gauge_singleton("caf.system", "queued-messages", "Waiting.", "1", true)->value(4);
  std::vector<double> bounds{0.1, 1};
  auto* h = registry.histogram_singleton<double>("weir", "took", bounds, "Time.", "seconds");
  h->observe(0.05);
  h->observe(0.5);
  h->observe(5);
  auto text = metrics_text(registry);
  CHECK_THAT(text, ContainsSubstring("# HELP weir_swept_keys_total What was freed.\n"
                                     "# TYPE weir_swept_keys_total counter\nweir_swept_keys_total 3\n"));
  CHECK_THAT(text, ContainsSubstring("\nweir_calls_total 1\n"));
  CHECK_THAT(text, ContainsSubstring("# HELP weir_net_depth Line\\nbreak.\n# TYPE weir_net_depth gauge\n"
                                     "weir_net_depth{who=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\"} -2\n"));
  CHECK_THAT(text, ContainsSubstring("\nweir_share 0.5\n"));
  CHECK_THAT(text, ContainsSubstring("\ncaf_system_queued_messages 4\n")); // `_total` is a counter's
  CHECK_THAT(text, ContainsSubstring("# TYPE weir_took_seconds histogram\n"
                                     "weir_took_seconds_bucket{le=\"0.1\"} 1\n"
                                     "weir_took_seconds_bucket{le=\"1\"} 2\n"
                                     "weir_took_seconds_bucket{le=\"+Inf\"} 3\n"
                                     "weir_took_seconds_sum 5.55\n"
                                     "weir_took_seconds_count 3\n"));
}

TEST_CASE("however many ask for the metrics, they are made one at a time and are good for a second",
          "[metrics]") {
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
