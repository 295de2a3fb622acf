#include <weir/agent.hpp>

extern "C" const weir::plugin_descriptor weir_plugin;
const weir::plugin_descriptor weir_plugin{
    weir::plugin_abi, weir::plugin_layout, WEIR_VERSION, weir::plugin_toolchain, "", nullptr};
