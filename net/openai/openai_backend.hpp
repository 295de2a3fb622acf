#pragma once

#include "actors/models/backend.hpp"
#include "actors/models/config.hpp"

#include <string>

namespace weir {

class io_thread;

/// Whether this can be used, at configuration time: a URL that is understood, a model, a key in the
/// environment variable that was named, and a file of certificates that can be read. The message begins with
/// the key of the configuration.
refusal check_openai_config(const openai_config& cfg);

/// A backend for any server that speaks OpenAI's `/chat/completions`, streamed as server-sent events, over
/// HTTP/1.1: in the clear, or in TLS with the server's certificate verified. It keeps up to
/// `openai_idle_limit` connections alive; overflow policy: the one that has waited longest is closed. The
/// gauge `weir_model_idle_connections` says how many there are.
/// @param thread whose sockets it uses; the pool's workers must live on the same one.
/// @param name the model's in the configuration, for metrics.
/// @param cfg must have passed `check_openai_config`. The key and the certificates are read now.
backend_factory make_openai_backend(io_thread& thread, const std::string& name, openai_config cfg);

inline constexpr std::size_t openai_idle_limit = 8;

} // namespace weir
