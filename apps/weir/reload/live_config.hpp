#pragma once

#include "apps/weir/config/node_config.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <string>

namespace weir {

/// The configuration that is in force. For any thread: one writes, others read what was there when they
/// asked.
class live_config {
public:
  explicit live_config(node_config first) { set(std::move(first)); }

  void set(node_config next);

  std::shared_ptr<const node_config> get() const {
    auto now = now_.load();
    return {now, &now->config};
  }

  /// Of all that a namespace is made of: the same text as long as nothing of it changes.
  std::string version_of(const std::string& ns) const;

private:
  struct state {
    node_config config;
    std::map<std::string, std::string, std::less<>> versions; // by section; "" for who has none
  };

  std::atomic<std::shared_ptr<const state>> now_;
};

} // namespace weir
