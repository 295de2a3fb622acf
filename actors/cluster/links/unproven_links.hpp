#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>

namespace weir {

/// A connection that somebody has made to this node.
class accepted_link {
public:
  virtual ~accepted_link() = default;

  /// Whether the other side has shown that it is a node.
  virtual bool is_proven() const noexcept = 0;

  /// Closes it.
  virtual void give_up(const std::string& why) = 0;
};

/// Connections whose other side has not shown that it is a node. Bound: `max`; overflow policy: the oldest is
/// closed. Each is closed once it has taken `patience`. Plain, one thread: time comes from outside.
class unproven_links {
public:
  using time_point = std::chrono::steady_clock::time_point;

  unproven_links(std::size_t max, std::chrono::milliseconds patience) : max_(max), patience_(patience) {}

  void add(const std::shared_ptr<accepted_link>& link, time_point now);

  /// Closes those whose time is over.
  void expire(time_point now);

  std::size_t size() const noexcept { return links_.size(); }

private:
  struct entry {
    std::weak_ptr<accepted_link> link;
    time_point since;
  };

  void forget_proven();

  std::size_t max_;
  std::chrono::milliseconds patience_;
  std::deque<entry> links_; // the oldest first
};

} // namespace weir
