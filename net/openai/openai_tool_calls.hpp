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
  std::string name;                   ///< In the first piece, or in several; empty: not said.
  std::string arguments;              ///< To be added.
  bool marked = false;                ///< Its texts hold halves of characters, see `mark_halves`.
};

/// Puts the tool calls of one answer together. Takes them in the pieces that OpenAI sends, interleaved by
/// index, and as other servers send them: whole, without an index, all with the index 0, with an empty id or
/// the same one twice, with a new id in each piece, with the name in pieces. Plain.
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
  std::vector<tool_call> take();

private:
  /// Knows when arguments that come in pieces are a whole JSON object.
  struct object_scan {
    void add(std::string_view text);
    bool whole() const noexcept { return closed && depth == 0; }

    std::size_t depth = 0;
    bool quoted = false, escaped = false, closed = false;
  };

  struct call {
    tool_call what;
    std::optional<std::uint64_t> index; // as the server counts
    object_scan scan;
    bool marked = false;
  };

  std::optional<std::size_t> find(const tool_call_piece& x) const;
  static bool is_other(const call& that, const tool_call_piece& x);
  std::string begin(const tool_call_piece& x, const std::string& name);
  static std::string go_on(call& to, const tool_call_piece& x);
  static std::string add_name(call& to, const std::string& name);
  bool is_taken(const std::string& id, std::size_t before) const;

  std::string id_prefix_;
  std::vector<call> calls_;
};

} // namespace weir
