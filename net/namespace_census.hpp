#pragma once

#include "actors/core/refusal.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace weir {

/// Counts the connections of each namespace over all I/O threads of a node. Bounded by the namespace's
/// `limits.connections`; overflow policy: `429 quota`. Asked once for each connection, so a lock does.
class namespace_census {
public:
  refusal enter(const std::string& ns, std::uint64_t most) {
    std::lock_guard guard{lock_};
    auto n = counts_.find(ns);
    auto count = n == counts_.end() ? 0 : n->second;
    if (count >= most)
      return {code::too_many,
              "quota",
              "namespace " + ns + " has all the connections it may have",
              5000,
              "namespace",
              count,
              most};
    ++counts_[ns];
    return {};
  }

  void leave(const std::string& ns) {
    std::lock_guard guard{lock_};
    auto i = counts_.find(ns);
    if (i != counts_.end() && --i->second == 0) counts_.erase(i);
  }

private:
  std::mutex lock_;
  std::map<std::string, std::uint64_t> counts_;
};

} // namespace weir
