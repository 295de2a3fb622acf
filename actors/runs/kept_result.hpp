#pragma once

#include "actors/messages/runs.hpp"

#include <optional>
#include <string>

namespace weir {

/// A result's key in its namespace's store.
std::string result_key(const std::string& run_id);

/// What a result is as the value of a key: JSON text; and back. Nothing: it is not one.
std::string encode_result(const run_result& x);
std::optional<run_result> decode_result(const std::string& run_id, const std::string& text);

/// The `text` of an output; nothing: it has none.
std::optional<std::string> text_of_output(const std::string& output);

/// The text that the deltas of this run made when they were joined; empty: it did not stream.
std::string streamed_text(const run_result& x);

/// Marks a result as streamed, and keeps the text apart if the output does not hold it.
void set_streamed(run_result& x, const std::string& text);

/// What it takes in memory or in the store, bytes; counts what can be large.
inline std::size_t size_bytes(const run_result& x) noexcept {
  return x.output.size() + x.text.size() + x.error.message.size() + x.refusal_text.size();
}

} // namespace weir
