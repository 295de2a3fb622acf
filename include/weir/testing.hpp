#pragma once

// For tests of agents, on a virtual clock: `weir::testing::agent_test`. Link `weir::testing`.

#include "testing/agent_test.hpp"
