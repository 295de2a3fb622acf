#include "tests/support/fixture.hpp"

#include <catch2/catch_test_macros.hpp>

TEST_CASE_METHOD(weir::test::fixture, "the fixture starts and ends with nothing running") { run(); }
