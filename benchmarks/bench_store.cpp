#include "benchmarks/bench_store.hpp"

#include "actors/event/content_hash.hpp"
#include "actors/store/sqlite/sqlite_store.hpp"

#include <cstdlib>
#include <stdexcept>

namespace weir::bench {

namespace {

constexpr std::int64_t long_ago_ms = 1'700'000'000'000;

std::filesystem::path make_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "weir-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  return pattern;
}

} // namespace

log_record make_record(std::uint64_t seq, std::size_t text_bytes, std::int64_t ts_ms) {
  auto x = std::make_shared<event>();
  x->seq = seq;
  x->type = "chat.room1.message";
  x->client_id = "client-" + std::to_string(seq % 100);
  x->message_id = "message-" + std::to_string(seq);
  x->ts_ms = ts_ms;
  x->data = R"({"text":")" + std::string(text_bytes, 'x') + R"("})";
  auto hash = content_hash(*x);
  return {std::move(x), hash};
}

std::unique_ptr<store> open_store_file(const std::filesystem::path& path) {
  auto opened = open_sqlite_store({.path = path.string()});
  if (auto* no = std::get_if<refusal>(&opened)) throw std::runtime_error(no->message);
  return std::get<0>(std::move(opened));
}

bench_store::bench_store(std::uint64_t history, std::size_t text_bytes)
  : folder_(make_folder()), text_bytes_(text_bytes), store_(open_store_file(folder_ / "weir.db")) {
  while (head_ < history) append(std::min<std::uint64_t>(10'000, history - head_), durability::none, false);
}

bench_store::bench_store(std::unique_ptr<store> over, std::size_t text_bytes)
  : folder_(make_folder()), text_bytes_(text_bytes), store_(std::move(over)) {}

bench_store::~bench_store() {
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::vector<store_batch> bench_store::prepare(std::uint64_t batches, std::uint64_t events_each,
                                              durability keep) const {
  std::vector<store_batch> out(batches);
  auto seq = head_;
  for (auto& x : out) {
    x.keep = keep;
    log_append what{"demo", "e1", {}};
    for (std::uint64_t i = 0; i < events_each; ++i) {
      ++seq;
      what.records.push_back(make_record(seq, text_bytes_, long_ago_ms + static_cast<std::int64_t>(seq)));
    }
    x.writes.push_back({std::move(what), {}});
  }
  return out;
}

void bench_store::commit(const store_batch* first, std::size_t count) {
  std::vector<const store_batch*> group;
  for (std::size_t i = 0; i < count; ++i) group.push_back(first + i);
  auto out = store_->write(group, 0);
  if (out.no.refused()) throw std::runtime_error(out.no.message);
  for (auto* x : group) head_ += std::get<log_append>(x->writes[0].what).records.size();
}

void bench_store::append(std::uint64_t events, durability keep, bool trim) {
  auto batches = prepare(1, events, keep);
  if (trim) batches[0].writes.push_back({log_trim{"demo", head_ > 10'000 ? head_ - 10'000 : 1}, {}});
  commit(batches);
}

} // namespace weir::bench
