// The tests' precompiled header: for compile times only.
#include "actors/pch.hpp"

#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
