#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace weir {

/// The embedded model: a deterministic answer with a latency, an error rate and a hang rate of its own.
struct simulated_config {
  std::int64_t first_piece_ms = 80;
  std::int64_t piece_ms = 15;
  std::uint32_t pieces = 20;
  double error_rate = 0; ///< Share of calls that fail with 500, [0, 1].
  double hang_rate = 0;  ///< Share of calls that never answer, [0, 1].
  std::uint64_t seed = 1;
};

/// Any server that speaks OpenAI's `/chat/completions` with streaming.
struct openai_config {
  std::string url; ///< `http://host:port/v1` or `https://host/v1`.
  std::string model;
  std::string api_key_env; ///< Name of the environment variable that holds the key; empty: none is sent.
  std::string ca_file =
      {}; ///< PEM: roots that are trusted beside the system's; empty: only those. For https.
};

/// What a caller gets when a pool cannot answer: another pool's name, or a canned text.
struct fallback_step {
  bool canned = false;
  std::string value; ///< The pool's name, or the text.
};

/// One configured model.
struct model_config {
  std::string name;
  std::variant<simulated_config, openai_config> backend;
  std::uint32_t workers = 4;
  std::uint64_t queue_limit = 256;
  std::int64_t timeout_ms = 10'000;        ///< The whole call: every attempt and every wait between them.
  std::int64_t attempt_timeout_ms = 0;     ///< One attempt; 0: the whole timeout.
  std::int64_t first_piece_timeout_ms = 0; ///< Until the first piece; 0: no limit of its own.
  std::int64_t stall_timeout_ms = 0;       ///< Between two pieces; 0: no limit of its own.
  std::uint32_t retries = 2;               ///< After the first attempt.
  std::vector<fallback_step> fallback;     ///< Asked in this order.
};

} // namespace weir
