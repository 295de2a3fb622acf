// What an operator asks a namespace.

#include "actors/core/errors.hpp"
#include "actors/core/json_print.hpp"
#include "actors/namespace/namespace_actor.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace weir {

using nlohmann::json;

namespace {

constexpr std::size_t max_hands_shown = 100; // of one subscription
constexpr std::uint64_t max_listed_bytes = 1024 * 1024;

json describe(const event& x) {
  json out = {{"seq", x.seq},
              {"event_id", x.event_id()},
              {"type", x.type},
              {"ts", x.ts_ms},
              {"client_id", x.client_id},
              {"message_id", x.message_id},
              {"data", json::parse(x.data, nullptr, false)}};
  if (!x.prev_event_id.empty()) out["prev_event_id"] = x.prev_event_id;
  if (!x.to.empty()) out["to"] = x.to;
  if (x.causal_gap) out["causal_gap"] = true;
  return out;
}

} // namespace

caf::result<admin_answer> namespace_actor::on_admin(const admin_query& what) {
  switch (what.what) {
  case admin_query::verb::report:
    return admin_answer{{}, report()};
  case admin_query::verb::dead_letters: {
    auto list = json::array();
    for (auto& x : dead_.all()) {
      if (list.size() >= what.limit) break;
      list.push_back({{"event_id", x.what->event_id()},
                      {"seq", x.what->seq},
                      {"type", x.what->type},
                      {"subscription", x.subscription},
                      {"attempts", x.attempts},
                      {"error", x.error},
                      {"data", json::parse(x.what->data, nullptr, false)}});
    }
    return admin_answer{{}, print_json(list)};
  }
  case admin_query::verb::retry:
    return retry(what.event_id);
  case admin_query::verb::agents:
    return admin_answer{{}, print_hands()};
  case admin_query::verb::restart:
  case admin_query::verb::runs: // its orchestrator's to answer
  case admin_query::verb::nodes:
  case admin_query::verb::node:
  case admin_query::verb::drain:  // the membership's
  case admin_query::verb::remove: // the host's
  case admin_query::verb::events: // answered later
  case admin_query::verb::reload: // the node's own
    break;
  }
  return admin_answer{{code::bad_request, "unknown_op", "no such query", 0, {}, 0, 0}, {}};
}

/// A part of the log, for who wants all of it: goes on behind `read_to`.
caf::result<admin_answer> namespace_actor::list_events(const admin_query& what) {
  auto promise = make_response_promise<admin_answer>();
  log_request part;
  part.patterns = {">"};
  part.after_seq = what.after_seq;
  part.limit = what.limit;
  part.max_bytes = max_listed_bytes;
  read(
      part,
      [this, promise](const log_slice& found) mutable {
        json out = {{"epoch", sequencer_.epoch()},
                    {"first_kept", found.first_kept},
                    {"read_to", found.read_to},
                    {"head", found.head},
                    {"events", json::array()}};
        for (auto& x : found.deliveries) out["events"].push_back(describe(*x.what));
        promise.deliver(admin_answer{{}, print_json(out)});
      },
      [promise](const refusal& no) mutable {
        promise.deliver(admin_answer{no, {}});
      });
  end_turn();
  return promise;
}

/// Answered once it is kept: else a crash could make a dead letter again of what an operator has seen to.
caf::result<admin_answer> namespace_actor::retry(const std::string& event_id) {
  auto letter = dead_.take(event_id);
  if (!letter)
    return admin_answer{{code::not_found, "unknown_target", "no dead letter " + event_id, 0, {}, 0, 0}, {}};
  auto* x = find_seat(letter->subscription);
  if (x == nullptr) {
    auto message = "nobody has the subscription " + letter->subscription + " now";
    dead_.add(std::move(*letter));
    return admin_answer{{code::not_found, "unknown_target", std::move(message), 0, {}, 0, 0}, {}};
  }
  if (x->is_external() || letter->subscription == orchestrator_name) {
    dead_.add(std::move(*letter));
    return admin_answer{errors::conflict("the call has been answered: make it again"), {}};
  }
  x->subscription.retry(letter->what);
  std::vector<store_write> writes;
  if (link_.exists()) writes = {{key_delete{settings_.name, dead_letter_key(*letter)}, {}}, cursor_put(*x)};
  mark_changed(*x);
  feed(*x);
  json out = {{"event_id", event_id}, {"subscription", letter->subscription}};
  auto promise = make_response_promise<admin_answer>();
  auto done = [promise, out](const refusal& no) mutable {
    promise.deliver(admin_answer{no, no.refused() ? std::string{} : print_json(out)});
  };
  auto no = link_.write(std::move(writes),
                        [done](const store_committed& got) mutable { done(got.first_refusal()); });
  if (no.refused()) done(no);
  return promise;
}

/// Which events agents have in hand, by the agent's name: those of an external one are with its workers.
std::string namespace_actor::print_hands() {
  auto out = json::object();
  for (auto& [name, x] : seats_) {
    auto is_agent = name.compare(0, 6, "agent.") == 0;
    if (!is_agent && !x.is_external()) continue;
    auto& list = out[is_agent ? name.substr(6) : x.group.queue] = json::array();
    for (auto& held : x.subscription.hands(max_hands_shown)) {
      json task = {{"event_id", held.what->event_id()},
                   {"seq", held.what->seq},
                   {"type", held.what->type},
                   {"attempt", held.attempt},
                   {"for_ms", std::max<std::int64_t>(now_ms() - held.since_ms, 0)}};
      if (x.is_external())
        if (auto* who = sessions_.find(held.member)) task["client_id"] = who->client_id;
      list.push_back(std::move(task));
    }
  }
  return print_json(out);
}

std::string namespace_actor::report() {
  auto subscriptions = json::array();
  for (auto& [name, x] : seats_)
    subscriptions.push_back({{"name", name},
                             {"cursor", x.subscription.cursor()},
                             {"in_hand", x.subscription.in_hand()},
                             {"members", x.subscription.members()},
                             {"missed", x.subscription.missed()}});
  json out = {{"name", settings_.name},
              {"epoch", sequencer_.epoch()},
              {"seq", sequencer_.log().head()},
              {"first_kept", link_.exists() ? retention_.first_kept() : sequencer_.log().first_kept()},
              {"kept_bytes", link_.exists() ? retention_.bytes() : sequencer_.log().bytes()},
              {"sessions", sessions_.size()},
              {"attached", sessions_.attached()},
              {"clients", presence_.count()},
              {"relays", relays_.size()},
              {"waiting_for_predecessor", sequencer_.held()},
              {"dead_letters", dead_.all().size()},
              {"subscriptions", std::move(subscriptions)}};
  return print_json(out);
}

} // namespace weir
