#include "apps/weir/app.hpp"

int main(int argc, char** argv) { return weir::run_app(argc, argv, weir::agent_registry::with_builtins()); }
