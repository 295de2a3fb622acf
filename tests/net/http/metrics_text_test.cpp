#include "net/http/metrics_text.hpp"

#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/histogram.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

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
