#pragma once

#include "net/io_thread.hpp"
#include "net/tls/tls_server.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace weir {

/// Has the files of TLS ports read again once they have changed, and logs what came of it.
class tls_watcher {
public:
  /// A file is looked at so often; it is small, and only read when it has changed.
  static constexpr std::chrono::seconds interval{2};

  tls_watcher(io_thread& unit, std::vector<std::shared_ptr<tls_server>> servers);

  /// Looks no more. To be called before the thread stops.
  ~tls_watcher();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace weir
