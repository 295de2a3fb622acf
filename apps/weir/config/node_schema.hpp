#pragma once

#include "apps/weir/config/node_config.hpp"
#include "apps/weir/config/schema.hpp"

namespace weir {

// Each table of keys in a file of its own.

/// The whole configuration.
schema::type_ptr<node_config> node_schema();

/// `models.NAME`.
schema::type_ptr<model_config> model_schema();

/// `agents.NAME`.
schema::type_ptr<agent_config> agent_schema();

/// `agents.NAME.tools`.
schema::type_ptr<std::vector<prompt_tool>> tools_schema();

/// `limits`, and `namespaces.NAME.limits` with those that make sense there.
schema::type_ptr<limits> limits_schema(bool of_namespace);

/// The keys of `limits`.
std::vector<std::string> limits_schema_keys();

/// `namespaces`: an entry begins with the node's limits, and prints those that differ.
schema::field<node_config> namespaces_field();

/// `workflows`, linked: where one names another, the other's steps stand.
schema::field<node_config> workflows_field();

} // namespace weir
