#include <weir/agent.hpp>

extern "C" const weir::plugin_descriptor weir_plugin;
const weir::plugin_descriptor weir_plugin{
    weir::plugin_abi, weir::plugin_layout, "0.0.9", "gcc 2, libstdc++ 2 abi 0, CAF 0.1.0", "", nullptr};
