#pragma once

#include <cstdint>
#include <string>

namespace weir {

/// What this machine, or the cgroup that the process is in, has for it: bytes of memory.
/// @param root where `/proc` and `/sys` are; another one for tests.
/// @param machine_bytes the machine's memory; 0: asked.
std::uint64_t memory_for_process(const std::string& root = {}, std::uint64_t machine_bytes = 0);

/// The size of the file system that a folder is on; 0: not known.
std::uint64_t file_system_bytes(const std::string& folder);

/// Raises the number of descriptors that the process may have open from what it was given to what it may
/// take.
/// @returns that number.
std::uint64_t raise_descriptor_limit();

/// How many descriptors of `limit` clients may have. The rest is for what the node itself needs: the admin
/// server, models, other nodes, the store.
/// @param open_now at the start.
std::uint64_t descriptors_for_clients(std::uint64_t limit, std::uint64_t open_now);

/// How many this process has open.
std::uint64_t open_descriptors();

} // namespace weir
