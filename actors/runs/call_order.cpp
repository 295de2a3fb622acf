#include "actors/runs/call_order.hpp"

#include "actors/core/json_members.hpp"

#include <nlohmann/json.hpp>

namespace weir {

namespace {

busy_policy policy_of(const std::string& word) {
  for (auto x : {busy_policy::queue, busy_policy::replace, busy_policy::reject})
    if (word == to_string(x)) return x;
  return busy_policy::concurrent;
}

} // namespace

call_order read_order(const event& x) {
  auto data = nlohmann::json::parse(x.data);
  call_order out;
  out.run_id = x.event_id();
  out.seq = x.seq;
  out.ts_ms = x.ts_ms;
  out.client_id = x.client_id;
  out.target = data.at("target").get<std::string>();
  out.input = json_member_text(x.data, "input"); // as the caller wrote it
  out.timeout_ms = data.at("timeout_ms").get<std::int64_t>();
  out.thread = data.value("thread", "");
  out.on_busy = policy_of(data.value("on_busy", ""));
  out.hops = x.hops;
  return out;
}

} // namespace weir
