// What an operator is told of the nodes.

#include "actors/cluster/membership.hpp"
#include "actors/core/json_print.hpp"
#include "actors/core/json_text.hpp"
#include "actors/messages/admin_list.hpp"

#include <caf/behavior.hpp>
#include <nlohmann/json.hpp>

namespace weir {

namespace {

using nlohmann::json;

constexpr auto report_timeout = std::chrono::seconds{2};

json describe(const member_hello& x) {
  return {{"name", x.name},
          {"roles", x.roles},
          {"version", x.version},
          {"address", x.address},
          {"since", x.since_ms}};
}

} // namespace

caf::result<admin_answer> membership::on_admin(const admin_query& what) {
  if (what.what == admin_query::verb::node) return report_node();
  if (what.what == admin_query::verb::drain) return drain(what.node);
  return report_all();
}

caf::result<admin_answer> membership::drain(const std::string& node) {
  if (node == table_.self().name) {
    settings_.on_drain();
    return admin_answer{{}, print_json(json{{"node", node}, {"draining", true}})};
  }
  auto i = table_.all().find(node);
  if (i == table_.all().end())
    return admin_answer{
        {code::not_found, "unknown_node", "no node " + node + " is a member of the cluster", 0, {}, 0, 0},
        {}};
  admin_query order;
  order.what = admin_query::verb::drain;
  order.node = node;
  return pass_query(this, i->second.membership, report_timeout, order);
}

caf::result<admin_answer> membership::report_node() {
  auto out = describe(table_.self());
  out["connections"] = settings_.connections();
  out["namespaces"] = 0;
  if (!settings_.host) return admin_answer{{}, print_json(out)};
  auto promise = make_response_promise<admin_answer>();
  admin_query ask;
  ask.what = admin_query::verb::node;
  request(settings_.host, report_timeout, ask)
      .then(
          [promise, out](const admin_answer& got) mutable {
            if (auto more = parse_json(got.json); more.is_object()) out.update(more);
            promise.deliver(admin_answer{{}, print_json(out)});
          },
          [promise](caf::error& why) mutable { promise.deliver(std::move(why)); });
  return promise;
}

/// Those that do not answer are in it as well, without what only they know.
caf::result<admin_answer> membership::report_all() {
  auto promise = make_response_promise<admin_answer>();
  auto all = std::make_shared<admin_list>(promise, table_.all().size() + 1);
  auto ask = [this, all](const caf::actor& whom, const member_hello& who) {
    admin_query query;
    query.what = admin_query::verb::node;
    request(whom, report_timeout, query)
        .then([all](const admin_answer& got) { all->take(got.json); },
              [all, known = describe(who)](const caf::error& why) {
                auto out = known;
                out["error"] = to_string(why);
                all->take(print_json(out));
              });
  };
  ask(this, table_.self());
  for (auto& [name, x] : table_.all()) ask(x.membership, x);
  return promise;
}

} // namespace weir
