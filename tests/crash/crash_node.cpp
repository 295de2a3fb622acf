// The node that the crash tests kill: the stock one with a chain of agents. A `chain.a.x` makes a
// `chain.b.x`, that one a `chain.c.x`: whatever happens in between, each must come out once.
#include "apps/weir/app.hpp"

#include <nlohmann/json.hpp>

namespace {

template <char From, char To>
class chain_link : public weir::agent {
public:
  std::vector<std::string> patterns() const override { return {prefix(From) + "*"}; }

  void on_event(const weir::event& what, weir::task job) override {
    job.emit(prefix(To) + what.type.substr(prefix(From).size()), {{"of", what.event_id()}});
  }

private:
  static std::string prefix(char link) { return std::string{"chain."} + link + '.'; }
};

} // namespace

int main(int argc, char** argv) {
  auto agents = weir::agent_registry::with_builtins();
  agents.add<chain_link<'a', 'b'>>("chain_ab");
  agents.add<chain_link<'b', 'c'>>("chain_bc");
  return weir::run_app(argc, argv, std::move(agents));
}
