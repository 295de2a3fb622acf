#pragma once

#include "actors/models/backend.hpp"
#include "actors/models/config.hpp"

namespace weir {

class io_thread;

/// Whether this can be used, at configuration time: a URL that is understood, a model, and a key in the
/// environment variable that was named.
refusal check_openai_config(const openai_config& cfg);

/// A backend for any server that speaks OpenAI's `/chat/completions` over HTTP/1.1, streamed as server-sent
/// events. It keeps up to `openai_idle_limit` connections alive; overflow policy: the connection is closed.
/// @param thread whose sockets it uses; the pool's workers must live on the same one.
/// @param cfg must have passed `check_openai_config`. The key is read now.
backend_factory make_openai_backend(io_thread& thread, openai_config cfg);

inline constexpr std::size_t openai_idle_limit = 8;

} // namespace weir
