#pragma once

#include "actors/store/store.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace weir::bench {

/// A chat message. @param text_bytes of its text; its data is 11 bytes longer.
log_record make_record(std::uint64_t seq, std::size_t text_bytes, std::int64_t ts_ms);

/// A SQLite store in a file of its own, or another one, with a log of some length in the namespace `demo`.
class bench_store {
public:
  /// A chat message: about 150 bytes of JSON.
  static constexpr std::size_t default_text_bytes = 140;

  explicit bench_store(std::uint64_t history, std::size_t text_bytes = default_text_bytes);
  /// Over a store of another kind, which is empty.
  explicit bench_store(std::unique_ptr<store> over, std::size_t text_bytes = default_text_bytes);
  bench_store(const bench_store&) = delete;
  bench_store& operator=(const bench_store&) = delete;
  ~bench_store();

  store& operator*() { return *store_; }
  std::uint64_t head() const { return head_; }

  /// Events to append later, so that making them is not measured.
  std::vector<store_batch> prepare(std::uint64_t batches, std::uint64_t events_each, durability keep) const;

  /// Commits batches that were prepared, in one transaction.
  void commit(const store_batch* first, std::size_t count);
  void commit(const std::vector<store_batch>& batches) { commit(batches.data(), batches.size()); }

  /// Appends events; `trim` leaves the newest 10,000.
  void append(std::uint64_t events, durability keep, bool trim);

private:
  std::filesystem::path folder_;
  std::size_t text_bytes_;
  std::unique_ptr<store> store_;
  std::uint64_t head_ = 0;
};

/// Opens or makes a store file. Throws std::runtime_error when that cannot be.
std::unique_ptr<store> open_store_file(const std::filesystem::path& path);

} // namespace weir::bench
