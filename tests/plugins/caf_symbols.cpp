// Uses parts of CAF that the node itself does not: they are in the node all the same.
#include <weir/agent.hpp>

#include <caf/config_value.hpp>
#include <caf/expected.hpp>
#include <caf/uri.hpp>
#include <caf/uri_builder.hpp>

namespace {

class uri_agent : public weir::agent {
public:
  void on_call(const weir::agent_call&, weir::task job) override {
    auto made = caf::uri_builder{}.scheme("http").host("weir").port(80).make();
    auto parsed = caf::config_value::parse("[1, 2]");
    job.reply(caf::to_string(made) + (parsed ? caf::to_string(*parsed) : "nothing"));
  }
};

} // namespace

WEIR_PLUGIN(registry) { registry.add<uri_agent>("uri"); }
