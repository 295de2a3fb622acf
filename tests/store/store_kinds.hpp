#pragma once

#include "actors/event/content_hash.hpp"
#include "actors/store/memory_store.hpp"
#include "actors/store/redis/redis_store.hpp"
#include "actors/store/sqlite/sqlite_store.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <string>

namespace weir::test {

/// The value of an outcome that is not a refusal.
template <class T>
T must(std::variant<T, refusal> x) {
  if (auto* no = std::get_if<refusal>(&x)) FAIL("refused: " << no->message);
  return std::get<T>(std::move(x));
}

// The kinds of store that the conformance tests run over. Each makes a store that is empty.

struct in_memory {
  memory_store impl;
  store& operator*() { return impl; }
};

struct in_sqlite {
  temp_folder folder;
  std::unique_ptr<store> impl = must(open_sqlite_store({.path = folder.file("weir.db")}));
  store& operator*() { return *impl; }
};

inline redis_config config_for(const redis_server& at) {
  redis_config out;
  out.server = {"127.0.0.1", at.port()};
  return out;
}

struct in_redis {
  std::unique_ptr<store> impl = must(open_redis_store(config_for(empty_redis())));
  store& operator*() { return *impl; }
};

#define WEIR_STORE_TEST(title) TEMPLATE_TEST_CASE(title, "[store]", in_memory, in_sqlite, in_redis)

inline log_record record(std::uint64_t seq, std::string message_id = {},
                         std::string type = "chat.room.message", std::string to = {}) {
  auto x = std::make_shared<event>();
  x->seq = seq;
  x->type = std::move(type);
  x->client_id = "alice";
  x->message_id = message_id.empty() ? "m" + std::to_string(seq) : std::move(message_id);
  x->prev_event_id = "bob/before";
  x->to = std::move(to);
  x->ts_ms = 1000 + static_cast<std::int64_t>(seq);
  x->data = R"({"n":)" + std::to_string(seq) + "}";
  x->causal_gap = seq % 2 == 0;
  auto hash = content_hash(*x);
  return {std::move(x), hash};
}

/// The records `first` to `last`.
inline log_append append(const std::string& ns, std::uint64_t first, std::uint64_t last,
                         const std::string& epoch = "e1") {
  log_append out{ns, epoch, {}};
  for (auto seq = first; seq <= last; ++seq) out.records.push_back(record(seq));
  return out;
}

/// Commits writes in one batch and gives what became of them.
template <class... Ts>
std::vector<write_result> commit(store& to, std::int64_t now_ms, Ts... writes) {
  store_batch batch;
  (batch.writes.push_back(store_write{std::move(writes), {}}), ...);
  auto out = to.write(batch, now_ms);
  if (out.no.refused()) FAIL("refused: " << out.no.message);
  return std::move(out.batches.at(0));
}

/// Commits one write, which must not be refused.
template <class T>
write_result commit_one(store& to, T what, std::int64_t now_ms = 0) {
  auto out = commit(to, now_ms, std::move(what)).at(0);
  if (out.no.refused()) FAIL("refused: " << out.no.message);
  return out;
}

inline log_request all_after(std::uint64_t seq, std::uint32_t limit = 1000) {
  log_request out;
  out.patterns = {">"};
  out.after_seq = seq;
  out.limit = limit;
  return out;
}

inline std::vector<std::uint64_t> seqs(const log_read& x) {
  std::vector<std::uint64_t> out;
  for (auto& r : x.records) out.push_back(r.what->seq);
  return out;
}

} // namespace weir::test
