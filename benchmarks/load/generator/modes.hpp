#pragma once

#include "benchmarks/load/generator/options.hpp"

namespace weir::bench {

/// Each runs one mode and gives the exit status. What they do is in README.md of the folder above.
int run_storm(const options& settings);
int run_idle(const options& settings);
int run_echo(const options& settings);
int run_fanout(const options& settings);
int run_mixed(const options& settings);
int run_flood(const options& settings);
int run_resume(const options& settings);
int run_slow(const options& settings);

} // namespace weir::bench
