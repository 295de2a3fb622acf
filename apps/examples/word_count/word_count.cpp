#include "word_count.hpp"

WEIR_PLUGIN(registry) { registry.add<word_count>("word_count"); }
