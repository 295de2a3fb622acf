#include "actors/store/store_copier.hpp"

#include "actors/core/errors.hpp"
#include "actors/core/json_print.hpp"
#include "actors/messages/namespace.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <chrono>

namespace weir {

namespace {

class store_copier : public caf::event_based_actor {
public:
  store_copier(caf::actor_config& cfg, store_handle store)
    : caf::event_based_actor(cfg), store_(std::move(store)) {}

  caf::behavior make_behavior() override {
    return {[this](const admin_query&) { return copy(); }};
  }

  void on_exit() override { store_ = {}; }

private:
  caf::result<admin_answer> copy() {
    if (copying_) return admin_answer{errors::conflict("a copy is being made"), {}};
    auto place = store_.box->try_take();
    if (auto* no = std::get_if<refusal>(&place)) return admin_answer{std::move(*no), {}};
    copying_ = true;
    began_ = clock().now();
    auto promise = make_response_promise<admin_answer>();
    request(store_.actor, caf::infinite, std::get<permit>(std::move(place)), store_read{0, copy_store{}})
        .then([this, promise](const store_answer& got) mutable { promise.deliver(on_copied(got)); },
              [this, promise](const caf::error&) mutable {
                copying_ = false;
                promise.deliver(admin_answer{errors::unavailable("the store has ended", 1000), {}});
              });
    return promise;
  }

  admin_answer on_copied(const store_answer& got) {
    copying_ = false;
    auto* done = std::get_if<copied_store>(&got.what);
    if (done == nullptr) return {std::get<refusal>(got.what), {}};
    auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock().now() - began_);
    spdlog::info("store.copied file={} after_ms={}", done->path, took.count());
    return {{}, print_json(nlohmann::json{{"file", done->path}})};
  }

  store_handle store_;
  bool copying_ = false;
  caf::actor_clock::time_point began_{};
};

} // namespace

caf::actor start_store_copier(caf::actor_system& sys, store_handle store) {
  return sys.spawn<store_copier>(std::move(store));
}

} // namespace weir
