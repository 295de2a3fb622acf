#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace weir {

/// What this node last tried to append to each log, whether it was taken or not. An append that continues
/// such a try must not be taken without it: after a write that nobody knew the outcome of, the head may by
/// chance be where a later append believes it to be, though another event is there.
///
/// Bounded; overflow policy: all are forgotten, and the next append of each log is judged by the head alone.
class redis_tails {
public:
  static constexpr std::size_t max_logs = 100'000;

  /// The tag of the try that ended just before `first_seq`; empty: none did.
  std::string before(const std::string& ns, std::uint64_t first_seq) const {
    auto i = tails_.find(ns);
    return i != tails_.end() && i->second.seq + 1 == first_seq ? i->second.tag : std::string{};
  }

  void set(const std::string& ns, std::uint64_t last_seq, std::string tag) {
    if (tails_.size() >= max_logs && tails_.count(ns) == 0) tails_.clear();
    tails_[ns] = {last_seq, std::move(tag)};
  }

  /// To be called when a log's state is read: whoever reads it begins anew from there.
  void forget(const std::string& ns) { tails_.erase(ns); }

private:
  struct tail {
    std::uint64_t seq = 0;
    std::string tag;
  };

  std::unordered_map<std::string, tail> tails_;
};

} // namespace weir
