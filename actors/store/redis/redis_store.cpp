#include "actors/store/redis/redis_store.hpp"

#include "actors/core/errors.hpp"
#include "actors/store/redis/redis_group.hpp"
#include "actors/store/redis/redis_log.hpp"
#include "actors/store/redis/redis_sweep.hpp"
#include "actors/store/rules.hpp"
#include "actors/store/witnessed_store.hpp"

#include <charconv>
#include <random>

namespace weir {

namespace {

constexpr int lease_attempts = 16; // that others may win in between

/// A name that no other store has, in this process or another.
std::string new_writer() {
  std::random_device random;
  std::string out;
  for (int i = 0; i < 4; ++i) out += std::to_string(random()) + (i < 3 ? "." : "");
  return out;
}

/// Reads `version expires_ms value`.
key_entry entry_of(std::string_view key, std::string_view kept) {
  key_entry out;
  out.key = key;
  auto end = kept.data() + kept.size();
  auto [space, failed] = std::from_chars(kept.data(), end, out.version);
  if (failed != std::errc{} || space == end) throw redis_error{"a key is not as it was written", "corrupt"};
  auto [second, failed_too] = std::from_chars(space + 1, end, out.expires_ms);
  if (failed_too != std::errc{} || second == end)
    throw redis_error{"a key is not as it was written", "corrupt"};
  out.value.assign(second + 1, end);
  return out;
}

class redis_store : public store {
public:
  explicit redis_store(const redis_config& cfg)
    : where_("redis at " + cfg.server.host + ':' + std::to_string(cfg.server.port)), timeout_(cfg.timeout_ms),
      look_every_(cfg.look_every), needs_power_(cfg.needs_power), link_(cfg.server, cfg.retry),
      keys_(cfg.prefix, new_writer()), log_(keys_) {}

  /// Whether it can be used. Throws `redis_error`.
  void check_server() {
    link_.connected(deadline());
    if (needs_power_ && !link_.syncs_first())
      throw redis_error{"durability power needs appendonly yes and appendfsync always there"};
  }

  /// A server is asked again when it is due what it is set to: that can change while it runs.
  refusal check() override {
    try {
      auto& with = link_.connected(deadline());
      with.ask(redis_command{"PING"}, deadline());
      if (clock::now() >= next_look_) {
        link_.look_again(deadline());
        next_look_ = clock::now() + look_every_;
      }
      check_server();
      return {};
    } catch (const redis_error& error) {
      if (std::string_view{error.cause} == "lost") link_.drop();
      return redis_unavailable(where_, error);
    }
  }

  const std::string& where() const noexcept { return where_; }

  group_result write(std::span<const store_batch* const> group, std::int64_t now_ms) override {
    redis_group job{link_, keys_, tails_, group, ++groups_, now_ms};
    return job.run(timeout_, due_, where_);
  }

  outcome<log_state> state_of_log(const std::string& ns) override {
    tails_.forget(ns);
    return guarded([&](auto& with) { return log_.state(with, ns); });
  }

  outcome<log_read> read_log(const std::string& ns, const log_request& what) override {
    return guarded([&](auto& with) { return log_.read(with, ns, what); });
  }

  outcome<std::optional<event_place>> find_event(const std::string& ns, const std::string& client_id,
                                                 const std::string& message_id) override {
    return guarded([&](auto& with) { return log_.find(with, ns, client_id + '/' + message_id); });
  }

  outcome<std::vector<event_mark>> newest_ids(const std::string& ns, std::uint64_t limit,
                                              std::int64_t max_age_ms) override {
    return guarded([&](auto& with) { return log_.newest_ids(with, ns, limit, max_age_ms); });
  }

  outcome<std::optional<key_entry>> get(const std::string& ns, const std::string& key,
                                        std::int64_t now_ms) override {
    return guarded([&](auto& with) -> std::optional<key_entry> {
      auto reply = with.ask(redis_command{"HGET", keys_.of(ns, "keys"), key});
      if (reply.checked().is_nil()) return {};
      auto out = entry_of(key, reply.value().text());
      if (out.expires_ms > 0 && out.expires_ms <= now_ms) return {};
      return out;
    });
  }

  outcome<std::vector<key_entry>> scan(const std::string& ns, const std::string& prefix,
                                       const std::string& after, std::uint64_t limit,
                                       std::int64_t now_ms) override {
    return guarded([&](auto& with) {
      auto call = with.link.call(redis_script::scan, 2);
      call.add(keys_.of(ns, "keys")).add(keys_.of(ns, "names")).add(prefix);
      call.add(after < prefix || after.empty() ? '[' + prefix : '(' + after).add(limit).add(now_ms);
      auto reply = with.ask(call);
      auto x = reply.checked();
      std::vector<key_entry> out;
      for (std::size_t i = 0; i + 1 < x.size(); i += 2)
        out.push_back(entry_of(x.at(i).text(), x.at(i + 1).text()));
      return out;
    });
  }

  outcome<std::uint64_t> sweep(std::int64_t now_ms, std::uint64_t max) override {
    return guarded([&](auto& with) { return redis_sweep{keys_, with}.run(due_, now_ms, max); });
  }

private:
  using clock = redis_link::clock;
  using session = redis_log::session;

  clock::time_point deadline() const { return clock::now() + timeout_; }

  /// Does what can be done again without harm. A connection that turns out to be dead is made anew once.
  template <class F>
  auto guarded(F body) -> outcome<decltype(body(std::declval<const session&>()))> {
    auto until = deadline();
    for (bool again = true;; again = false) {
      bool fresh = !link_.is_connected();
      try {
        const session with{link_, link_.connected(until), until};
        return body(with);
      } catch (const redis_error& error) {
        if (!recover(error, until) || !again || fresh) return redis_unavailable(where_, error);
      }
    }
  }

  /// Whether what failed so may be tried again now.
  bool recover(const redis_error& error, clock::time_point until) {
    bool lost = std::string_view{error.cause} == "lost";
    bool scripts = error.message.compare(0, 8, "NOSCRIPT") == 0;
    if (lost || scripts || error.message.compare(0, 8, "READONLY") == 0)
      link_.drop(); // a new one loads scripts
    return (lost || scripts) && clock::now() < until;
  }

  outcome<lease_grant> change_lease(const std::string& name, const lease_change& change) override {
    return guarded([&](auto& with) {
      auto reply = with.ask(redis_command{"HMGET", keys_.lease(name), "owner", "epoch", "expires_ms"});
      for (int i = 0; i < lease_attempts; ++i) {
        lease_record found;
        auto x = reply.checked();
        found.owner = x.at(0).text();
        if (!x.at(1).is_nil()) found.epoch = x.at(1).number();
        if (!x.at(2).is_nil()) found.expires_ms = x.at(2).signed_number();
        auto wanted = found;
        auto out = change(wanted);
        if (wanted == found) return out;
        reply = with.ask(set_lease(with, name, found, wanted));
        if (reply.checked().size() == 0) return out;
      }
      throw redis_error{"the lease " + name + " changes all the time", "locked"};
    });
  }

  redis_command set_lease(const session& with, const std::string& name, const lease_record& from,
                          const lease_record& to) const {
    auto call = with.link.call(redis_script::set_lease, 1).add(keys_.lease(name));
    for (auto* x : {&from, &to}) call.add(x->owner).add(x->epoch).add(x->expires_ms);
    return call;
  }

  std::string where_;
  std::chrono::milliseconds timeout_, look_every_;
  bool needs_power_;
  clock::time_point next_look_ = clock::now() + look_every_;
  redis_link link_;
  redis_keys keys_;
  redis_log log_;
  redis_tails tails_;
  std::uint64_t groups_ = 0;
  redis_group::due_times due_; // to be marked for the sweep with what is sent next
};

} // namespace

std::variant<std::unique_ptr<store>, refusal> open_redis_store(const redis_config& cfg) {
  auto out = std::make_unique<redis_store>(cfg);
  try {
    out->check_server();
    // What becomes of this machine says nothing about the server's.
    return make_witnessed_store(std::move(out), {cfg.witness_path, "any", !cfg.shared});
  } catch (const redis_error& error) {
    return errors::unavailable(out->where() + ": " + error.message); // for the operator who starts the node
  }
}

} // namespace weir
