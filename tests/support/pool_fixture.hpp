#pragma once

#include "actors/models/pool_actor.hpp"
#include "tests/support/model_fixture.hpp"

namespace weir::test {

using sink = probe<model_piece, model_done, model_failed>;

/// A pool `m`, and one sink for all that comes out of it.
struct pool_fixture : model_fixture {
  pool_fixture() : out(own(sys.spawn<sink>())) { run(); }

  /// Offers one request as a caller would.
  refusal ask(std::uint64_t id, std::int64_t timeout_ms = 1000, const std::string& ns = "demo") {
    auto& pool = models_of(ns).at("m");
    auto no =
        pool.box->offer_anonymously(pool.actor, model_request{id, ns, {{"user", "?"}}, timeout_ms, out});
    run();
    return no;
  }

  void cancel(std::uint64_t id) {
    caf::send_as(out, models.at("m").actor, model_cancel_atom_v, id);
    run();
  }

  void hang_all(int n) {
    for (int i = 0; i < n; ++i) backend_of("m").scripts.push_back(script::hang_after({}));
  }

  std::uint64_t depth() { return models.at("m").box->depth(); }
  sink& got() { return deref<sink>(out); }

  /// How many calls of the pool ended in this way.
  std::int64_t calls_that(const std::string& outcome) {
    return counted("model-calls", {{"model", "m"}, {"outcome", outcome}});
  }

  /// What the pool said of the request with this id; null: it has not failed.
  const model_failed* failure_of(std::uint64_t id) {
    for (auto& x : got().all<model_failed>())
      if (x.id == id) return &x;
    return nullptr;
  }

  caf::actor out;
};

} // namespace weir::test
