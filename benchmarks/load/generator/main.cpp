// Load on a realtime server over WebSockets. See README.md in the folder above.
#include "benchmarks/load/generator/modes.hpp"

#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>

int main(int argc, char** argv) {
  using namespace weir::bench;
  const std::map<std::string, int (*)(const options&)> modes{
      {"storm", run_storm}, {"idle", run_idle},   {"echo", run_echo},     {"fanout", run_fanout},
      {"mixed", run_mixed}, {"flood", run_flood}, {"resume", run_resume}, {"slow", run_slow}};
  try {
    auto settings = read_options(argc, argv);
    return modes.at(settings.mode)(settings);
  } catch (const std::invalid_argument& wrong) {
    std::fprintf(stderr, "weir_load: %s\n", wrong.what());
    return 2;
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "weir_load: %s\n", failed.what());
    return 1;
  }
}
