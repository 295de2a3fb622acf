#include "actors/store/redis/redis_batch.hpp"

#include "actors/store/rules.hpp"

#include <algorithm>

namespace weir {

namespace {

const std::string& namespace_of(const store_write& x) {
  return std::visit([](auto& what) -> const std::string& { return what.ns; }, x.what);
}

std::string version_text(std::optional<std::uint64_t> expected) {
  return expected ? std::to_string(*expected) : std::string{};
}

/// Whether the events follow each other, whatever they follow.
bool is_whole(const log_append& what) {
  auto seq = what.records.empty() ? 0 : what.records.front().what->seq;
  return std::all_of(what.records.begin(), what.records.end(),
                     [&seq](auto& x) { return x.what->seq == seq++; });
}

/// Each adds how many arguments follow, and these.
struct argument_writer {
  redis_command& to;
  std::string tag;   // of an append
  std::string after; // of the one before it, if it must be there

  void operator()(const log_append& x) const {
    to.add(std::uint64_t{6 + 10 * x.records.size()}).add(x.epoch);
    to.add(x.records.empty() ? 0 : x.records.front().what->seq).add(std::uint64_t{x.records.size()});
    to.add(is_whole(x) ? "1" : "0").add(tag).add(after);
    for (auto& r : x.records) {
      auto& e = *r.what;
      to.add(std::uint64_t{e.size_bytes()})
          .add(e.client_id)
          .add(e.message_id)
          .add(e.type)
          .add(e.prev_event_id);
      to.add(e.to).add(e.ts_ms).add(std::uint64_t{e.stored_flags()}).add(r.content_hash).add(e.data);
    }
  }
  void operator()(const log_trim& x) const { to.add("1").add(x.first_kept); }
  void operator()(const log_reset& x) const { to.add("1").add(x.epoch); }
  void operator()(const log_rename& x) const { to.add("1").add(x.epoch); }
  void operator()(const key_put& x) const {
    to.add("4").add(x.key).add(x.value).add(x.expires_ms).add(version_text(x.expected_version));
  }
  void operator()(const namespace_drop&) const { to.add("0"); }
  void operator()(const key_delete& x) const { to.add("2").add(x.key).add(version_text(x.expected_version)); }
};

const char* op_of(const store_write& x) {
  constexpr const char* names[] = {"append", "trim", "reset", "put", "delete", "drop", "rename"};
  return names[x.what.index()];
}

/// The refusal that the rules make out of what the script found.
refusal refusal_of(const store_write& x, const redis_value& facts) {
  auto kind = facts.at(0).text();
  if (kind == "fence")
    return check_fence(x.guard, {std::string{facts.at(1).text()}, facts.at(2).number(), 0});
  if (kind == "tail") {
    auto& append = std::get<log_append>(x.what);
    return {code::conflict,
            store_reason::out_of_order,
            "seq " + std::to_string(append.records.front().what->seq) + " of " + append.ns
                + " does not follow what this node wrote before it",
            0,
            {},
            0,
            0};
  }
  if (kind == "holes") {
    auto& append = std::get<log_append>(x.what);
    return {code::conflict,
            store_reason::out_of_order,
            "the log of " + append.ns + " has not got the events that it says it has",
            0,
            {},
            0,
            0};
  }
  if (kind == "log") {
    log_state found;
    found.epoch = facts.at(1).text();
    found.head = facts.at(2).number();
    return check_append(found, std::get<log_append>(x.what));
  }
  if (auto* put = std::get_if<key_put>(&x.what))
    return check_version(put->key, put->expected_version, facts.at(1).number());
  auto& erase = std::get<key_delete>(x.what);
  return check_version(erase.key, erase.expected_version, facts.at(1).number());
}

} // namespace

redis_batch::redis_batch(const store_batch& what, const redis_keys& keys, redis_tails& tails,
                         std::uint64_t group, std::uint64_t index)
  : what_(what), group_(group), index_(index),
    tag_(keys.writer() + '.' + std::to_string(group) + '.' + std::to_string(index) + '.') {
  for (auto& x : what.writes) {
    auto& after = after_.emplace_back();
    if (auto* reset = std::get_if<log_reset>(&x.what)) tails.forget(reset->ns);
    if (auto* drop = std::get_if<namespace_drop>(&x.what)) tails.forget(drop->ns);
    if (auto* rename = std::get_if<log_rename>(&x.what)) tails.forget(rename->ns);
    auto* append = std::get_if<log_append>(&x.what);
    if (append == nullptr || append->records.empty()) continue;
    after = tails.before(append->ns, append->records.front().what->seq);
    tails.set(append->ns, append->records.back().what->seq, tag_ + std::to_string(after_.size()));
  }
  for (auto& x : what.writes)
    if (auto& ns = namespace_of(x);
        std::find(namespaces_.begin(), namespaces_.end(), ns) == namespaces_.end())
      namespaces_.push_back(ns);
  for (auto& ns : namespaces_) {
    for (auto* part : {"state", "log", "ids", "keys", "names", "expiry"}) keys_.push_back(keys.of(ns, part));
    keys_.push_back(keys.mark(ns));
  }
  for (auto& x : what.writes) {
    if (x.guard.lease.empty() || leases_.count(x.guard.lease) > 0) continue;
    keys_.push_back(keys.lease(x.guard.lease));
    leases_[x.guard.lease] = keys_.size();
  }
}

void redis_batch::add_to(redis_command& call, std::int64_t now_ms, const std::string& life) const {
  for (auto& key : keys_) call.add(key);
  call.add(group_).add(index_).add(now_ms);
  call.add(std::uint64_t{namespaces_.size()}).add(std::uint64_t{what_.writes.size()}).add(life);
  for (std::size_t i = 0; i < what_.writes.size(); ++i) add_write(call, i);
}

void redis_batch::add_write(redis_command& call, std::size_t i) const {
  auto& x = what_.writes[i];
  auto lease = x.guard.lease.empty() ? 0 : leases_.at(x.guard.lease);
  call.add(op_of(x))
      .add(std::uint64_t{place_of(namespace_of(x))})
      .add(std::uint64_t{lease})
      .add(x.guard.epoch);
  std::visit(argument_writer{call, tag_ + std::to_string(i + 1), after_[i]}, x.what);
}

std::vector<write_result> redis_batch::results(const redis_value& reply) const {
  auto all = reply.at(0);
  std::vector<write_result> out;
  for (std::size_t i = 0; i < what_.writes.size(); ++i) {
    auto one = all.at(i);
    if (!one.is_array()) {
      out.push_back({{}, one.number()});
      continue;
    }
    auto no = refusal_of(what_.writes[i], one);
    if (!no.refused()) throw redis_error{"a write was refused for no reason that is known here"};
    out.push_back({std::move(no), 0});
  }
  return out;
}

void redis_batch::add_due(std::map<std::string, std::int64_t>& out) const {
  for (auto& x : what_.writes) {
    auto* put = std::get_if<key_put>(&x.what);
    if (put == nullptr || put->expires_ms <= 0) continue;
    auto& when = out.try_emplace(put->ns, put->expires_ms).first->second;
    when = std::min(when, put->expires_ms);
  }
}

void redis_batch::add_rest(const redis_value& reply, std::map<std::string, std::int64_t>& out) const {
  auto rest = reply.at(1);
  for (std::size_t i = 0; i < rest.size(); ++i) {
    auto n = rest.at(i).number();
    if (n >= 1 && n <= namespaces_.size()) out[namespaces_[n - 1]] = 0;
  }
}

std::size_t redis_batch::place_of(const std::string& ns) const {
  auto i = std::find(namespaces_.begin(), namespaces_.end(), ns);
  return static_cast<std::size_t>(i - namespaces_.begin()) + 1;
}

} // namespace weir
