#pragma once

// How a shared object brings agents into a stock node. In one of its source files:
//
//   WEIR_PLUGIN(registry) { registry.add<my_agent>("my_agent"); }
//
// It links nothing of Weir's: the node that opens it has it all. It must be built as the node was: a node
// refuses one of another plugin ABI or another toolchain, says so in its log, and goes on without it.

#include "actors/agents/agent.hpp"
#include "actors/agents/registry.hpp"

#include "weir/version.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace weir {

/// Counts the changes of what a plugin and a node share. To be raised by hand with any of: a virtual function
/// of `agent`; a member of what they pass to each other; what a function of theirs means.
inline constexpr std::uint32_t plugin_abi = 2;

/// What is at the symbol `weir_plugin`. A later ABI may add to it; these members stay where they are.
struct plugin_descriptor {
  std::uint32_t abi;        ///< The `plugin_abi` it was built with.
  std::uint32_t layout;     ///< The `plugin_layout` it was built with.
  const char* weir_version; ///< Of the headers it was built with; may differ.
  const char* toolchain;    ///< The `plugin_toolchain` it was built with.
  const char* name;
  void (*add)(agent_registry&);
};

#define WEIR_TEXT_OF_(x) #x
#define WEIR_TEXT_OF(x) WEIR_TEXT_OF_(x)

#if defined(__clang__)
#define WEIR_COMPILER "clang " WEIR_TEXT_OF(__clang_major__)
#else
#define WEIR_COMPILER "gcc " WEIR_TEXT_OF(__GNUC__)
#endif
#if defined(_GLIBCXX_DEBUG)
#define WEIR_LIBRARY_MODE ", debug mode"
#else
#define WEIR_LIBRARY_MODE ""
#endif
#if defined(_GLIBCXX_RELEASE)
#define WEIR_LIBRARY                                                                                         \
  "libstdc++ " WEIR_TEXT_OF(_GLIBCXX_RELEASE) " abi " WEIR_TEXT_OF(_GLIBCXX_USE_CXX11_ABI) WEIR_LIBRARY_MODE
#else
#define WEIR_LIBRARY "another standard library"
#endif

/// What a plugin and its node must have been built with alike.
inline constexpr const char* plugin_toolchain = WEIR_COMPILER ", " WEIR_LIBRARY ", CAF " WEIR_CAF_VERSION;

/// The sizes of what plugin and node pass to each other, as one number (FNV-1a).
inline constexpr std::uint32_t plugin_layout = [] {
  std::uint32_t out = 2166136261U;
  for (auto size : {sizeof(agent), sizeof(task), sizeof(event), sizeof(agent_call), sizeof(agent_config),
                    sizeof(agent_registry), sizeof(agent_context), sizeof(agent_state), sizeof(model_answer),
                    sizeof(call_result), sizeof(chat_message), sizeof(refusal)})
    out = (out ^ static_cast<std::uint32_t>(size)) * 16777619U;
  return out;
}();

} // namespace weir

#ifndef WEIR_PLUGIN_NAME
#define WEIR_PLUGIN_NAME "" // the file's name says enough
#endif

/// Defines the plugin of this shared object; the block that follows registers its agents.
#define WEIR_PLUGIN(registry)                                                                                \
  static void weir_plugin_add(weir::agent_registry&);                                                        \
  extern "C" {                                                                                               \
  extern const weir::plugin_descriptor weir_plugin __attribute__((visibility("default")));                   \
  const weir::plugin_descriptor weir_plugin = {                                                              \
      weir::plugin_abi,       weir::plugin_layout, WEIR_VERSION,                                             \
      weir::plugin_toolchain, WEIR_PLUGIN_NAME,    weir_plugin_add};                                         \
  }                                                                                                          \
  static void weir_plugin_add(weir::agent_registry& registry)
