#include <weir/agent.hpp>

extern "C" const weir::plugin_descriptor weir_plugin;
const weir::plugin_descriptor weir_plugin{999,    weir::plugin_layout, "9.9.9", weir::plugin_toolchain, "",
                                          nullptr};
