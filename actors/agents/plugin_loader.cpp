#include "actors/agents/plugin_loader.hpp"

#include "actors/agents/plugin.hpp"

#include <dlfcn.h>

#include <exception>
#include <filesystem>

namespace weir {

namespace {

/// Plugins use it and no node does: named here, so that a node gets it out of the archive.
[[gnu::used]] const auto kept_for_plugins = &agent_state::get;

std::string said_by_linker() {
  auto* text = dlerror();
  return text != nullptr ? text : "the dynamic linker gives no reason";
}

std::string text_or(const char* text, const char* otherwise) {
  return text != nullptr && *text != '\0' ? text : otherwise;
}

std::string ours() { return ", this node (Weir " WEIR_VERSION ") "; }

/// Why it must not be called; empty: it may be. Only the ABI's number says what the rest means.
std::string mismatch(const plugin_descriptor& x) {
  if (x.abi != plugin_abi)
    return "it has plugin ABI " + std::to_string(x.abi) + " (Weir " + text_or(x.weir_version, "?") + ")"
           + ours() + "has " + std::to_string(plugin_abi);
  auto theirs = text_or(x.toolchain, "?");
  if (theirs != plugin_toolchain)
    return "it was built with " + theirs + " (Weir " + text_or(x.weir_version, "?") + ")" + ours() + "with "
           + plugin_toolchain;
  if (x.layout != plugin_layout)
    return "its classes are laid out otherwise than the node's: it was built with the headers of Weir "
           + text_or(x.weir_version, "?") + ours() + "with others or with other compiler options";
  if (x.add == nullptr) return "it has no register function";
  return {};
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (auto& x : names) out += (out.empty() ? "" : ", ") + x;
  return out;
}

/// Has it register its kinds apart from the node's, so that one that fails half-way has changed nothing.
std::string add_kinds(const plugin_descriptor& x, agent_registry& kinds) {
  agent_registry own;
  try {
    x.add(own);
  } catch (const std::exception& error) {
    return std::string{"its register function threw: "} + error.what();
  } catch (...) {
    return "its register function threw something that is no std::exception";
  }
  if (!own.refused().empty()) return "it registers names that are taken: " + listed(own.refused());
  if (auto taken = kinds.take(own); !taken.empty())
    return "the node has these kinds already: " + listed(taken);
  return {};
}

/// Why it was refused; empty: it was taken.
std::string load_one(const std::string& path, agent_registry& kinds, std::string& name) {
  auto* opened = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) return said_by_linker();
  auto* found = static_cast<const plugin_descriptor*>(dlsym(opened, "weir_plugin"));
  if (found == nullptr) return "it has no symbol weir_plugin: it is no plugin of Weir's";
  if (auto why = mismatch(*found); !why.empty()) return why;
  name = text_or(found->name, "");
  return add_kinds(*found, kinds);
}

} // namespace

std::string plugin_path(const std::string& name, const std::string& folder) {
  std::filesystem::path asked{name};
  if (asked.is_absolute()) return name;
  auto beside =
      (folder.empty() ? std::filesystem::current_path() : std::filesystem::absolute(folder)) / asked;
  std::error_code ignored;
  if (name.find('/') == std::string::npos && !std::filesystem::exists(beside, ignored)) return name;
  return beside.lexically_normal().string();
}

plugin_report load_plugins(const std::vector<std::string>& names, const std::string& folder,
                           agent_registry& kinds) {
  plugin_report out;
  for (auto& x : names) {
    auto path = plugin_path(x, folder);
    std::string name;
    auto why = load_one(path, kinds, name);
    if (!why.empty())
      out.refused.push_back("plugin " + path + " is refused: " + why);
    else
      out.loaded.push_back("plugin " + path + (name.empty() ? "" : " (" + name + ")") + " is loaded");
  }
  return out;
}

} // namespace weir
