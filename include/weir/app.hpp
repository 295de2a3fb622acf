#pragma once

// For a node of one's own: `weir::run_app(argc, argv, registry)`. Link `weir::app`.

#include "apps/weir/app.hpp"
