// What an operator is told of the namespaces of this node.

#include "actors/host/host.hpp"
#include "actors/messages/admin_list.hpp"

#include <caf/behavior.hpp>

#include <algorithm>

namespace weir {

namespace {

constexpr auto admin_timeout = std::chrono::seconds{5};

} // namespace

caf::result<admin_answer> host::on_admin(const admin_query& what) {
  if (what.what == admin_query::verb::node)
    return admin_answer{{}, "{\"namespaces\":" + std::to_string(entries_.size()) + "}"};
  auto of_agents = what.what == admin_query::verb::agents || what.what == admin_query::verb::restart;
  if (what.ns.empty()) return of_agents ? ask_orchestrators(what) : report_all();
  if (what.what == admin_query::verb::remove) return on_remove(what.ns);
  auto i = entries_.find(what.ns);
  if (i == entries_.end() || !i->second.ns)
    return admin_answer{
        {code::not_found, "unknown_target", "no namespace " + what.ns + " is open here", 0, {}, 0, 0}, {}};
  auto of_runs = what.what == admin_query::verb::runs || of_agents;
  auto whom = of_runs ? i->second.orchestrator : i->second.ns;
  if (!whom)
    return admin_answer{
        {code::unavailable, "unavailable", "the namespace is being restarted", 1000, {}, 0, 0}, {}};
  delegate(whom, what);
  return caf::delegated<admin_answer>{};
}

/// What the orchestrators of all namespaces say, as one list; those that refuse have nothing to say.
caf::result<admin_answer> host::ask_orchestrators(const admin_query& what) {
  auto runs = std::count_if(entries_.begin(), entries_.end(),
                            [](auto& x) { return x.second.orchestrator != nullptr; });
  auto promise = make_response_promise<admin_answer>();
  auto all = std::make_shared<admin_list>(promise, static_cast<std::size_t>(runs) + 1);
  for (auto& [name, x] : entries_)
    if (x.orchestrator)
      request(x.orchestrator, admin_timeout, what)
          .then([all](const admin_answer& got) { all->take_list(got.no.refused() ? "[]" : got.json); },
                [all](const caf::error&) { all->take({}); });
  all->take({});
  return promise;
}

caf::result<admin_answer> host::report_all() {
  auto open = std::count_if(entries_.begin(), entries_.end(), [](auto& x) { return x.second.ns != nullptr; });
  auto promise = make_response_promise<admin_answer>();
  auto all = std::make_shared<admin_list>(promise, static_cast<std::size_t>(open) + 1);
  for (auto& [name, x] : entries_)
    if (x.ns)
      request(x.ns, admin_timeout, admin_query{})
          .then([all](const admin_answer& got) { all->take(got.json); },
                [all](const caf::error&) { all->take({}); });
  all->take({});
  return promise;
}

} // namespace weir
