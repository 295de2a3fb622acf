#pragma once

// All that an author of agents needs: a class with two handlers, a task for what it has in hand, and a way
// into a node, as a plugin or linked.
//
//   class shout : public weir::agent {
//     std::vector<std::string> patterns() const override { return {"shout.*"}; }
//     void on_event(const weir::event& event, weir::task job) override {
//       job.emit("loud", {{"text", upper(event.data)}});
//     }
//   };
//   WEIR_PLUGIN(registry) { registry.add<shout>("shout"); }

#include "weir/agent_class.hpp"  // derive from `agent`
#include "weir/agent_config.hpp" // what a factory gets
#include "weir/call.hpp"         // calls and their results
#include "weir/chat.hpp"         // what is said to a model
#include "weir/context.hpp"      // name, log, metrics, timers
#include "weir/error.hpp"        // why something was refused
#include "weir/event.hpp"        // what is handled
#include "weir/plugin.hpp"       // WEIR_PLUGIN: agents in a shared object
#include "weir/registry.hpp"     // agents by name
#include "weir/state.hpp"        // what an agent keeps
#include "weir/task.hpp"         // emit, reply, ask, call
#include "weir/tool.hpp"         // functions that a model may call
