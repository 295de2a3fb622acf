#pragma once

namespace weir {

/// Makes Weir's message types known to CAF. To be called before an actor system is made; again does nothing.
void init_meta_objects();

} // namespace weir
