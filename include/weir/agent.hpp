#pragma once

// All that an agent's author needs: `agent`, `task` and what they lead to, the registry, and `WEIR_PLUGIN`.

#include "actors/agents/agent.hpp"
#include "actors/agents/plugin.hpp"
#include "actors/agents/registry.hpp"
