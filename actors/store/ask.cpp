#include "actors/store/ask.hpp"

namespace weir {

namespace {

/// One overload for each request.
struct asker {
  store& where;
  std::int64_t now_ms;

  auto operator()(const read_log_state& x) const { return where.state_of_log(x.ns); }
  auto operator()(const read_log& x) const { return where.read_log(x.ns, x.what); }
  auto operator()(const find_event& x) const { return where.find_event(x.ns, x.client_id, x.message_id); }
  auto operator()(const read_newest_ids& x) const { return where.newest_ids(x.ns, x.limit, x.max_age_ms); }
  auto operator()(const get_key& x) const { return where.get(x.ns, x.key, now_ms); }
  auto operator()(const scan_keys& x) const { return where.scan(x.ns, x.prefix, x.after, x.limit, now_ms); }
  auto operator()(const acquire_lease_of& x) const {
    return where.acquire(x.name, x.owner, x.ttl_ms, now_ms);
  }
  auto operator()(const renew_lease_of& x) const {
    return where.renew(x.name, x.owner, x.epoch, x.ttl_ms, now_ms);
  }
  auto operator()(const release_lease_of& x) const { return where.release(x.name, x.owner, x.epoch, now_ms); }
  auto operator()(const read_lease& x) const { return where.look(x.name, now_ms); }
  store::outcome<copied_store> operator()(const copy_store&) const {
    auto some = where.copy_some();
    if (auto* no = std::get_if<refusal>(&some)) return *no;
    return copied_store{std::get<std::string>(std::move(some))};
  }
};

} // namespace

store_answer ask(store& where, const store_read& what, std::int64_t now_ms) {
  store_answer out;
  out.id = what.id;
  std::visit(
      [&out, run = asker{where, now_ms}](const auto& request) {
        auto outcome = run(request);
        std::visit([&out](auto& x) { out.what = std::move(x); }, outcome);
      },
      what.what);
  return out;
}

} // namespace weir
