#include "actors/store/redis/verify_redis.hpp"

#include "actors/store/redis/redis_connection.hpp"
#include "actors/store/redis/redis_keys.hpp"
#include "actors/store/redis/redis_link.hpp"

#include <set>

namespace weir {

namespace {

// KEYS: state, log, ids, keys, names, expiry. All at one moment: a node may be at work.
constexpr const char* look_script = R"(
local x = redis.call('HMGET', KEYS[1], 'epoch', 'first', 'head', 'swept')
local function is_there(seq) return #redis.call('XRANGE', KEYS[2], seq .. '-0', seq .. '-0') end
local log = redis.call('EXISTS', KEYS[2]) == 1
local out = {x[1] or '', x[2] or '1', x[3] or '0', x[4] or '1', log and redis.call('XLEN', KEYS[2]) or 0}
out[6] = is_there(out[2])
out[7] = is_there(out[3])
out[8] = redis.call('ZCARD', KEYS[3])
out[9] = redis.call('HLEN', KEYS[4])
out[10] = redis.call('ZCARD', KEYS[5])
out[11] = redis.call('ZCARD', KEYS[6])
return out
)";

class redis_verifier {
public:
  redis_verifier(const redis_config& cfg, store_findings& out)
    : link_(cfg.server, cfg.retry), timeout_(cfg.timeout_ms), prefix_(cfg.prefix),
      keys_(cfg.prefix, "verify"), out_(out) {}

  void run() {
    link_.connected(deadline());
    if (!link_.syncs_first())
      out_.notes.push_back(
          "the server: a crash of it can take what it acknowledged last (not `appendonly yes` "
          "with `appendfsync always`)");
    for (auto& ns : names()) check(ns);
  }

private:
  redis_link::clock::time_point deadline() const { return redis_link::clock::now() + timeout_; }

  redis_reply ask(const redis_command& what) { return link_.connected(deadline()).ask(what, deadline()); }

  /// Of all namespaces that have anything.
  std::set<std::string> names() {
    std::set<std::string> out;
    std::string at = "0";
    do {
      auto reply = ask(redis_command{"SCAN", at, "MATCH", prefix_ + ":{*}:*", "COUNT", "1000"});
      auto x = reply.checked();
      at = x.at(0).text();
      for (std::size_t i = 0; i < x.at(1).size(); ++i) {
        auto key = x.at(1).at(i).text().substr(prefix_.size() + 2);
        out.insert(std::string{key.substr(0, key.find('}'))});
      }
    } while (at != "0");
    return out;
  }

  void check(const std::string& ns) {
    redis_command call{"EVAL", look_script, "6"};
    for (auto* part : {"state", "log", "ids", "keys", "names", "expiry"}) call.add(keys_.of(ns, part));
    auto reply = ask(call);
    auto x = reply.checked();
    auto epoch = x.at(0).text();
    auto first = x.at(1).number(), head = x.at(2).number(), swept = x.at(3).number(),
         events = x.at(4).number();
    out_.events += events;
    out_.keys += x.at(8).number();
    if (!epoch.empty()) ++out_.logs;
    if (epoch.empty() && events > 0) out_.add(ns + ": has events, and no state of its log");
    if (!epoch.empty() && events != head + 1 - swept)
      out_.add(ns + ": has " + std::to_string(events) + " of the " + std::to_string(head + 1 - swept)
               + " events from " + std::to_string(swept) + " to " + std::to_string(head));
    else if (!epoch.empty() && head >= first && (x.at(5).number() == 0 || x.at(6).number() == 0))
      out_.add(ns + ": its first or its newest event is not there");
    if (!epoch.empty() && head >= first && x.at(7).number() == 0)
      out_.add(ns + ": has no index of event ids");
    if (x.at(8).number() != x.at(9).number())
      out_.add(ns + ": has " + std::to_string(x.at(8).number()) + " keys and "
               + std::to_string(x.at(9).number()) + " names of keys");
    if (x.at(10).number() > x.at(8).number()) out_.add(ns + ": more keys expire than there are");
  }

  redis_link link_;
  std::chrono::milliseconds timeout_;
  std::string prefix_;
  redis_keys keys_;
  store_findings& out_;
};

} // namespace

std::variant<store_findings, refusal> verify_redis_store(const redis_config& cfg) {
  store_findings out;
  try {
    redis_verifier{cfg, out}.run();
  } catch (const redis_error& error) {
    return refusal{code::unavailable,
                   "unavailable",
                   "redis at " + cfg.server.host + ':' + std::to_string(cfg.server.port) + ": "
                       + error.message,
                   0,
                   {},
                   0,
                   0};
  }
  return out;
}

} // namespace weir
