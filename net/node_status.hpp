#pragma once

#include "actors/core/readiness.hpp"

#include <atomic>
#include <memory>
#include <string>

namespace weir {

/// What a node tells about itself.
struct node_status {
  std::string name;
  std::string version;
  std::atomic<bool> ready{false}; ///< False while it starts and while it drains.
  std::shared_ptr<readiness> waits = std::make_shared<readiness>(); ///< What it needs beside that.
  std::atomic<bool> draining{false}; ///< It takes no new clients, and goes when those that it has are gone.
};

} // namespace weir
