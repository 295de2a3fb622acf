#pragma once

#include <string>

namespace weir {

/// The names of what a store keeps in Redis. The namespace is a hash tag: all keys of one namespace, with its
/// lease `ns/NAME`, are in one slot of a cluster.
///
/// | key | type | what |
/// | --- | --- | --- |
/// | `weir:{NS}:state` | hash | the log's epoch, bounds and bytes, and who appended last; the last version of
/// a key | | `weir:{NS}:log` | stream | the events; the one with seq 7 has the id `7-0` | | `weir:{NS}:ids` |
/// sorted set | event ids by seq | | `weir:{NS}:keys` | hash | `version expires_ms value` of each key | |
/// `weir:{NS}:names` | sorted set | the keys in order | | `weir:{NS}:expiry` | sorted set | keys by when they
/// expire | | `weir:{NS}:mark:WRITER` | hash | a node's last answers; goes 10 minutes after its last write |
/// | `weir:{NS}:lease:NAME` | hash | owner, epoch and expires_ms |
/// | `weir:due` | sorted set | namespaces by when something in them can be freed |
class redis_keys {
public:
  redis_keys(std::string prefix, std::string writer)
    : prefix_(std::move(prefix)), writer_(std::move(writer)) {}

  std::string of(const std::string& ns, const char* what) const { return prefix_ + ":{" + ns + "}:" + what; }
  std::string mark(const std::string& ns) const { return of(ns, "mark:") + writer_; }

  std::string lease(const std::string& name) const {
    auto ns = name.compare(0, 3, "ns/") == 0 && name.size() > 3 ? name.substr(3) : name;
    return of(ns, "lease:") + name;
  }

  const std::string& writer() const noexcept { return writer_; }

  std::string due() const { return prefix_ + ":due"; }

private:
  std::string prefix_, writer_;
};

} // namespace weir
