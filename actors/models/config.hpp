#pragma once

#include "actors/messages/chat.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace weir {

/// An answer of the simulated model to chats in which a text occurs: in the last message of the user or of a
/// tool, or in a system message.
struct simulated_reply {
  std::string contains;         ///< The configuration's `if`; empty: any chat.
  std::string say;              ///< What it says …
  std::string tool;             ///< … or, when not empty, the tool that it asks for,
  std::string arguments = "{}"; ///< with this JSON text.
};

/// The embedded model: a deterministic answer with a latency, an error rate and a hang rate of its own.
struct simulated_config {
  std::int64_t first_piece_ms = 80;
  std::int64_t piece_ms = 15;
  std::uint32_t pieces = 20;
  double error_rate = 0; ///< Share of calls that fail with 500, [0, 1].
  double hang_rate = 0;  ///< Share of calls that never answer, [0, 1].
  std::uint64_t seed = 1;
  std::vector<simulated_reply> replies = {}; ///< The first that matches is the answer.
};

/// Any server that speaks OpenAI's `/chat/completions` with streaming.
struct openai_config {
  std::string url; ///< `http://host:port/v1` or `https://host/v1`.
  std::string model;
  std::string api_key_env; ///< Name of the environment variable that holds the key; empty: none is sent.
  std::string ca_file =
      {}; ///< PEM: roots that are trusted beside the system's; empty: only those. For https.
  std::map<std::string, std::string> headers = {}; ///< Sent with each request; takes the place of our own …
  std::map<std::string, std::string> headers_env =
      {};                                        ///< … by the environment variables that hold the values.
  std::map<std::string, std::string> query = {}; ///< Added to the URL, encoded.
  model_options request = {};                    ///< Of a call that does not say otherwise.
  std::string api_key_file = {};                 ///< The file that holds the key; wins over `api_key_env`.
};

/// What a caller gets when a pool cannot answer: another pool's name, or a canned text.
struct fallback_step {
  bool canned = false;
  std::string value; ///< The pool's name, or the text.
};

/// When a backend that fails is left alone. See `circuit_breaker`.
struct breaker_config {
  std::uint32_t failures = 5;        ///< In a row, then it opens; 0: never.
  std::int64_t open_ms = 5000;       ///< The first time; twice as long each time that a probe fails,
  std::int64_t max_open_ms = 60'000; ///< up to this.
  std::uint32_t probes = 1;          ///< That have to succeed before it closes.
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
  std::vector<fallback_step> fallback;     ///< Asked in this order, each followed by its own fallbacks.
  breaker_config breaker;
  double max_share = 0.5;                ///< Of the workers for one namespace while there are others, (0, 1].
  std::int64_t share_window_ms = 60'000; ///< How long after its last call a namespace counts as another.
};

} // namespace weir
