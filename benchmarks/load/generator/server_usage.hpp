#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace weir::bench {

/// What the servers under load take of the machine, all of them together, at one moment.
struct server_usage {
  double cpu_s = 0;      ///< User and system time so far, in steps of 10 ms.
  double user_cpu_s = 0; ///< Of it outside the kernel.
  std::uint64_t rss_bytes = 0;
  std::uint64_t user_bytes = 0; ///< `Pss_Anon` of smaps_rollup: memory of their own, without files and code.
  std::uint64_t threads = 0;
  std::uint64_t tcp_bytes = 0;  ///< Buffers of all sockets of the machine, the generator's too.
  std::uint64_t slab_bytes = 0; ///< Everything that the kernel keeps in slabs, sockets among it.
};

/// Reads it from /proc. A process that is gone, or not ours to read, counts as nothing.
server_usage read_usage(const std::vector<pid_t>& servers);

} // namespace weir::bench
