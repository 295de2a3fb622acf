#pragma once

#include "actors/messages/models.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// A piece of a tool call in one chunk of a stream.
struct tool_call_piece {
  std::optional<std::uint64_t> index; ///< Which call; there are servers that do not say.
  std::string id;                     ///< In the first piece; empty: not said.
  std::string name;                   ///< In the first piece; empty: not said.
  std::string arguments;              ///< To be added.
};

/// Puts the tool calls of one answer together. Takes them in the pieces that OpenAI sends, interleaved by
/// index, and as other servers send them: whole, without an index, all with the index 0, with an empty id or
/// the same one twice. Plain.
class openai_tool_calls {
public:
  static constexpr std::size_t max_calls = 32;
  static constexpr std::size_t max_arguments_bytes = 64 * 1024; ///< Of each call.
  static constexpr std::size_t max_name_bytes = 256;            ///< Of a name, and of an id.

  /// @param id_prefix what the ids that are made here begin with.
  explicit openai_tool_calls(std::string id_prefix) : id_prefix_(std::move(id_prefix)) {}

  /// Gives what is wrong with the piece; empty: nothing. After anything else the answer cannot be used.
  std::string add(const tool_call_piece& x);

  /// The answer is whole. Gives what is wrong with its calls; empty: nothing.
  std::string finish();

  bool empty() const noexcept { return calls_.empty(); }

  /// Valid after `finish`: in the order in which they began. Each has an id of its own, and arguments, `{}`
  /// where the model wrote none.
  std::vector<tool_call> take() { return std::move(calls_); }

private:
  std::optional<std::size_t> find(const tool_call_piece& x) const;
  std::string begin(const tool_call_piece& x);
  std::string go_on(tool_call& call, const tool_call_piece& x);
  bool is_taken(const std::string& id, std::size_t before) const;

  std::string id_prefix_;
  std::vector<tool_call> calls_;
  std::vector<std::optional<std::uint64_t>> indices_; // of the calls, as the server counts
};

} // namespace weir
