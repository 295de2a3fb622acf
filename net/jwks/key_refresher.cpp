#include "net/jwks/key_refresher.hpp"

#include "net/client/https_get.hpp"

#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/metric_registry.hpp>
#include <spdlog/spdlog.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

namespace weir {

using clock_type = std::chrono::steady_clock;

struct key_refresher::state {
  state(caf::actor_system& sys, std::shared_ptr<authenticator> to, std::vector<std::string> from)
    : target(std::move(to)), urls(std::move(from)),
      failures(sys.metrics().counter_singleton(
          "weir", "key-fetch-failures", "Key sets that could not be fetched; those before stay in use.", "1",
          true)) {}

  void run() {
    std::unique_lock guard{lock};
    while (!ended) {
      if (!urls.empty()) {
        auto wanted_urls = urls;
        wanted = false;
        guard.unlock();
        fetch_all(wanted_urls);
        guard.lock();
      }
      auto earliest = clock_type::now() + min_interval;
      auto due = clock_type::now() + interval;
      changed.wait_until(guard, due, [this] { return ended || wanted || renewed; });
      // A token with a key that nobody has must not make this node ask its issuer all the time.
      if (!renewed)
        changed.wait_until(guard, wanted ? earliest : clock_type::now(), [this] { return ended || renewed; });
      renewed = false;
    }
  }

  void fetch_all(const std::vector<std::string>& from) {
    for (const auto& url : from) fetch(url);
    std::vector<auth::verification_key> all;
    for (const auto& url : from)
      if (auto i = known.find(url); i != known.end())
        all.insert(all.end(), i->second.begin(), i->second.end());
    std::erase_if(known, [&](const auto& entry) {
      return std::find(from.begin(), from.end(), entry.first) == from.end();
    });
    target->set_fetched_keys(std::move(all));
  }

  void fetch(const std::string& url) {
    auto fetched = https_get(url, {}, max_bytes, timeout);
    if (auto* failed = std::get_if<fetch_error>(&fetched)) return note_failure(url, failed->why);
    auto read = auth::parse_key_set(std::get<std::string>(fetched));
    if (auto* wrong = std::get_if<std::string>(&read)) return note_failure(url, *wrong);
    auto& set = std::get<auth::key_set>(read);
    if (set.keys.empty()) return note_failure(url, "no key of it can be used");
    spdlog::debug("auth.keys_fetched: {} keys from {}", set.keys.size(), url);
    known[url] = std::move(set.keys);
  }

  void note_failure(const std::string& url, const std::string& why) {
    failures->inc();
    spdlog::warn("auth.keys_not_fetched: {}: {}", url, why);
  }

  std::shared_ptr<authenticator> target;
  std::map<std::string, std::vector<auth::verification_key>> known; // by address; of the thread only
  std::mutex lock;                                                  // guards what follows
  std::condition_variable changed;
  std::vector<std::string> urls;
  bool wanted = false;  // a token named a key that is not known
  bool renewed = false; // other addresses
  bool ended = false;
  caf::telemetry::int_counter* failures;
  std::thread thread;
};

key_refresher::key_refresher(caf::actor_system& sys, std::shared_ptr<authenticator> target,
                             std::vector<std::string> urls)
  : state_(std::make_shared<state>(sys, target, std::move(urls))) {
  state_->thread = std::thread{[x = state_.get()] { x->run(); }};
  target->on_unknown_key([weak = std::weak_ptr{state_}] {
    auto x = weak.lock();
    if (!x) return;
    std::lock_guard guard{x->lock};
    x->wanted = true;
    x->changed.notify_one();
  });
}

key_refresher::~key_refresher() {
  state_->target->on_unknown_key(nullptr);
  {
    std::lock_guard guard{state_->lock};
    state_->ended = true;
    state_->changed.notify_one();
  }
  state_->thread.join();
}

void key_refresher::use(std::vector<std::string> urls) {
  std::lock_guard guard{state_->lock};
  if (urls == state_->urls) return;
  state_->urls = std::move(urls);
  state_->renewed = true;
  state_->changed.notify_one();
}

} // namespace weir
