#pragma once

#include "actors/messages/namespace.hpp"
#include "net/wire/frames.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir {

/// The `history` requests of one connection that are being read, a part of the log at a time. Bounded by
/// `max_reads`; overflow policy: `begin` gives 0. An answer is bounded by the request's limit and by
/// `max_bytes`, above which it says that there is more; it has one event at least.
class history_reads {
public:
  static constexpr std::size_t max_reads = 4;
  static constexpr std::uint32_t batch = 256;

  explicit history_reads(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  struct read {
    std::string id;
    std::string pattern;
    std::uint64_t read_to = 0;
    std::uint32_t limit = 0;
    std::vector<event_ptr> events;
    std::size_t bytes = 0;
    bool more = true;
    bool done = false;
  };

  /// Gives the number of the read; 0: there are too many.
  std::uint64_t begin(wire::history what) {
    if (reads_.size() >= max_reads) return 0;
    auto number = ++last_;
    reads_[number] = {
        std::move(what.id), std::move(what.pattern), what.after_seq, what.limit, {}, 0, true, false};
    return number;
  }

  /// What to read next; nothing: it is done, or gone.
  std::optional<log_request> next(std::uint64_t number) const {
    auto i = reads_.find(number);
    if (i == reads_.end() || i->second.done) return std::nullopt;
    auto& x = i->second;
    log_request out;
    out.patterns = {x.pattern};
    out.after_seq = x.read_to;
    out.max_bytes = max_bytes_ - x.bytes;
    out.limit = std::min<std::uint32_t>(batch, x.limit - static_cast<std::uint32_t>(x.events.size()));
    return out;
  }

  /// Takes a part. False: there is no such read.
  bool on_slice(std::uint64_t number, const log_slice& slice) {
    auto i = reads_.find(number);
    if (i == reads_.end()) return false;
    auto& x = i->second;
    for (auto& found : slice.deliveries) {
      x.bytes += found.what->size_bytes();
      x.read_to = found.what->seq;
      x.events.push_back(found.what);
      if (x.bytes >= max_bytes_) break;
    }
    auto full = x.events.size() >= x.limit || x.bytes >= max_bytes_;
    if (!full) x.read_to = slice.read_to;
    x.more = x.read_to < slice.head;
    x.done = full || !x.more;
    return true;
  }

  /// Ends all reads.
  std::vector<read> take_all() {
    std::vector<read> out;
    for (auto& [number, x] : std::exchange(reads_, {})) out.push_back(std::move(x));
    return out;
  }

  /// Ends a read. Nothing: there is no such read.
  std::optional<read> take(std::uint64_t number) {
    auto node = reads_.extract(number);
    if (node.empty()) return std::nullopt;
    return std::move(node.mapped());
  }

  std::size_t size() const noexcept { return reads_.size(); }

private:
  std::size_t max_bytes_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, read> reads_;
};

} // namespace weir
