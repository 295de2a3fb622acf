#pragma once

#include "actors/core/json_members.hpp"
#include "actors/core/refusal.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::wire {

/// Logs keep a seq as a signed number of 64 bits.
inline constexpr std::int64_t max_seq = std::numeric_limits<std::int64_t>::max();

/// Takes checked fields out of a JSON object. The first thing that is wrong is kept; what is read after it
/// means nothing.
class field_reader {
public:
  /// @param text of the object; both must outlive this. A member that is there twice is wrong.
  field_reader(const nlohmann::json& object, std::string_view text);

  bool has(const char* field) const;

  /// 1–64 of `[A-Za-z0-9_.:-]`: a client_id or a message_id.
  std::string name(const char* field);

  /// As `name`, and empty when it is absent.
  std::string optional_name(const char* field);

  /// The sender's own label: any string of 1–64 bytes.
  std::string label(const char* field);

  /// A namespace's name: `[a-z0-9][a-z0-9_-]{0,62}`.
  std::string ns(const char* field);

  /// An agent's or workflow's name: 1–64 of `[A-Za-z0-9_-]`, so that it can be a token of a type.
  std::string target(const char* field);

  /// As `target`, and empty when it is absent.
  std::string optional_target(const char* field);

  /// `<client_id>/<message_id>`.
  std::string event_id(const char* field);

  /// As `event_id`, and empty when it is absent.
  std::string optional_event_id(const char* field);

  /// Any string up to this long.
  std::string text(const char* field, std::size_t max_bytes);

  /// As `text`, and empty when it is absent.
  std::string optional_text(const char* field, std::size_t max_bytes);

  std::string type(const char* field);
  std::string pattern(const char* field);

  /// Any JSON value: its bytes as the sender wrote them.
  std::string any(const char* field);

  /// A JSON object: its bytes as the sender wrote them; `{}` when it is absent.
  std::string optional_object(const char* field);

  bool flag(const char* field, bool otherwise);

  /// A whole number within [min, max].
  std::int64_t number(const char* field, std::int64_t min, std::int64_t max, std::int64_t otherwise);

  /// A position in a log: a whole number within [min, `max_seq`].
  std::optional<std::uint64_t> optional_seq(const char* field, std::int64_t min);

  /// As `optional_seq` from 1; `word` means the same as an absent field.
  std::optional<std::uint64_t> seq_or(const char* field, std::string_view word);

  /// The place of a word among `words`; nothing when it is absent.
  std::optional<std::size_t> choice(const char* field, std::initializer_list<std::string_view> words);

  /// Keeps the first refusal.
  void refuse(refusal no);

  const refusal& error() const noexcept { return error_; }

private:
  void wrong(const char* field, std::string_view what);
  const nlohmann::json* find(const char* field) const;
  const std::string* string(const char* field);

  std::string text_of(const char* field) const;

  const nlohmann::json& object_;
  std::vector<json_member> members_; // as many as in `object_`, or one of them is there twice
  refusal error_;
};

/// Whether it is 1–64 of `[A-Za-z0-9_.:-]`.
bool is_name(std::string_view text) noexcept;

/// Whether it is `<client_id>/<message_id>`.
bool is_event_id(std::string_view text) noexcept;

} // namespace weir::wire
